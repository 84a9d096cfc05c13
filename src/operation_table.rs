//! Every operation, one row each: who may call it, what it takes, what it answers, what holds for its requests. The route that a
//! request matches finds its row (`kit::http::routes`); the gate, the checks of requests, the headers of answers and the OpenAPI
//! document read it. An operation without a row fails a test, and so does a row that contradicts its handler.
//!
//! Whose call is let through is decided by the type of the caller in a handler's signature (`kit::http::caller`) and by queries in
//! the caller's name. A test calls every operation as everybody and compares what comes back with this table, cell by cell.

use crate::kit::http::{
    Operation, Verdict,
    operation::Kept::{AsSaid, ByReader},
};

/// The row of an operation.
pub fn row(id: &str) -> Option<&'static Operation> {
    TABLE.iter().find(|row| row.id == id)
}

const YES: Verdict = Verdict::Yes;
const WHO: Verdict = Verdict::SignIn;
const NO_: Verdict = Verdict::No;
const HID: Verdict = Verdict::Hidden;

/// Everybody, signed in or not.
const fn public(id: &'static str) -> Operation {
    Operation::new(id, None, [YES; 11])
}

/// Every signed-in person, about their own data or about data that all of them may read.
const fn persons(id: &'static str) -> Operation {
    Operation::new(id, None, [WHO, YES, YES, YES, YES, YES, YES, YES, YES, NO_, NO_])
}

/// Every signed-in person, and apps that hold the scope.
const fn readers(id: &'static str, scope: &'static str) -> Operation {
    Operation::new(id, Some(scope), [WHO, YES, YES, YES, YES, YES, YES, YES, YES, YES, NO_])
}

/// Admins.
const fn admins(id: &'static str) -> Operation {
    by(id, [NO_, NO_, NO_, NO_, NO_, NO_, NO_, YES])
}

/// Persons by their relation to the object, in this order: guest, owner, colleague, stranger, manager, other manager, editor,
/// admin.
const fn by(id: &'static str, persons: [Verdict; 8]) -> Operation {
    let [guest, owner, colleague, stranger, manager, other_manager, editor, admin] = persons;
    Operation::new(id, None, [WHO, guest, owner, colleague, stranger, manager, other_manager, editor, admin, NO_, NO_])
}

/// Every operation.
#[rustfmt::skip]
pub const TABLE: &[Operation] = &[
    // Identity
    public("sign_in_with_zalo").json()
        .ignores_key("the answer holds tokens, which are kept nowhere. Sign in again instead").ignores_bearer_token(),
    public("refresh_session").json()
        .ignores_key("the answer holds tokens, which are kept nowhere, and a refresh token is good once").ignores_bearer_token(),
    public("show_sign_in").gives(&[]).lenient().ignores_bearer_token(),
    public("sign_in").form().gives(&[]).lenient().ignores_bearer_token(),
    public("create_token").form().gives(&[]).lenient().ignores_bearer_token(),
    public("revoke_token").form().gives(&[]).lenient().ignores_bearer_token(),
    public("list_keys").gives(&[]).ignores_bearer_token().kept(AsSaid),
    public("find_authorization_server").gives(&[]).ignores_bearer_token().kept(AsSaid),
    persons("log_out").json().ignores_key("whoever is logged out cannot ask again, and need not"),
    persons("find_me").kept(ByReader),
    persons("update_me").merge_patch().conditional(),
    persons("delete_me").conditional(),
    persons("export_me").gives(&["application/zip", "application/json"]).minutes(5),
    persons("update_avatar").file(&["image/*", "multipart/form-data"]).conditional(),
    persons("delete_avatar").conditional(),
    public("find_avatar").gives(&["image/jpeg", "application/json"]).kept(AsSaid),
    persons("list_sessions").kept(ByReader),
    persons("list_consents").kept(ByReader),
    persons("update_consents").json().conditional(),
    persons("list_own_data_requests").kept(ByReader),
    persons("create_own_data_request").json().by_key(),
    admins("list_data_requests"),
    admins("create_data_request").json().by_key(),
    admins("acknowledge_data_request").json().by_key().conditional(),
    admins("resolve_data_request").json().by_key(),
    admins("delete_zalo_link"),
    admins("list_apps"),
    admins("create_app").json().by_key(),
    admins("find_app"),
    admins("update_app").merge_patch().conditional(),
    admins("delete_app").conditional(),
    admins("rotate_app_secret").json().by_key(),
    persons("list_role_grants"),
    //                         guest owner coll. stran. manag. other editor admin
    // Whoever has an account with a username and a password
    by("find_totp",           [HID,  HID,  HID,  HID,  YES,  YES,  YES,  YES]),
    by("create_totp",         [HID,  HID,  HID,  HID,  YES,  YES,  YES,  YES]).json()
        .ignores_key("the answer is a secret, which is kept nowhere. Asked again, it is another one"),
    by("confirm_totp",        [HID,  HID,  HID,  HID,  YES,  YES,  YES,  YES]).json()
        .ignores_key("the answer is shown once and kept nowhere, and a code is good once"),
    by("delete_totp",         [HID,  HID,  HID,  HID,  YES,  YES,  YES,  YES]).json(),
    by("update_password",     [HID,  HID,  HID,  HID,  YES,  YES,  YES,  YES]).json(),
    by("delete_session",      [HID,  YES,  HID,  HID,  HID,  HID,  HID,  HID]),
    by("create_role_grant",   [NO_,  NO_,  NO_,  NO_,  YES,  NO_,  NO_,  YES]).json().by_key(),
    by("find_role_grant",     [HID,  HID,  HID,  HID,  YES,  HID,  HID,  YES]),
    by("delete_role_grant",   [HID,  HID,  HID,  HID,  YES,  HID,  HID,  YES]).conditional(),

    // Organisation
    readers("list_units", "activities:read").kept(ByReader),
    readers("find_unit", "activities:read").kept(ByReader),
    by("create_unit",         [NO_,  NO_,  NO_,  NO_,  YES,  NO_,  NO_,  YES]).json().by_key(),
    by("update_unit",         [NO_,  NO_,  NO_,  NO_,  YES,  NO_,  NO_,  YES]).merge_patch().conditional(),
    by("delete_unit",         [NO_,  NO_,  NO_,  NO_,  YES,  NO_,  NO_,  YES]).conditional(),
    by("merge_unit",          [NO_,  NO_,  NO_,  NO_,  YES,  NO_,  NO_,  YES]).json().by_key(),
    by("move_unit",           [NO_,  NO_,  NO_,  NO_,  YES,  NO_,  NO_,  YES]).json().by_key(),
    by("split_unit",          [NO_,  NO_,  NO_,  NO_,  YES,  NO_,  NO_,  YES]).json().by_key(),
    readers("list_clusters", "activities:read").kept(ByReader),
    readers("find_cluster", "activities:read").kept(ByReader),
    by("create_cluster",      [NO_,  NO_,  NO_,  NO_,  YES,  NO_,  NO_,  YES]).json().by_key(),
    by("update_cluster",      [NO_,  NO_,  NO_,  NO_,  YES,  NO_,  NO_,  YES]).merge_patch().conditional(),
    persons("list_members"),
    by("find_member",         [HID,  YES,  YES,  HID,  YES,  HID,  YES,  YES]),
    by("create_member",       [NO_,  NO_,  NO_,  NO_,  YES,  NO_,  NO_,  YES]).json().by_key(),
    by("update_member",       [NO_,  NO_,  NO_,  NO_,  YES,  HID,  NO_,  YES]).merge_patch().conditional(),
    persons("list_unit_members"),
    by("list_memberships",    [HID,  YES,  HID,  HID,  YES,  HID,  HID,  YES]),
    by("create_membership",   [NO_,  NO_,  NO_,  NO_,  YES,  HID,  NO_,  YES]).json().by_key(),
    by("find_membership",     [HID,  YES,  HID,  HID,  YES,  HID,  HID,  YES]),
    by("update_membership",   [HID,  NO_,  HID,  HID,  YES,  HID,  HID,  YES]).merge_patch().conditional(),
    // What a manager of U has sent.
    by("list_imports",        [NO_,  NO_,  NO_,  NO_,  YES,  YES,  YES,  YES]),
    by("create_import",       [NO_,  NO_,  NO_,  NO_,  YES,  YES,  NO_,  YES]).file(&["multipart/form-data"]).by_key().minutes(2),
    by("find_import",         [HID,  HID,  HID,  HID,  YES,  HID,  HID,  YES]),
    by("list_import_conflicts", [HID, HID, HID,  HID,  YES,  HID,  HID,  YES]),
    admins("export_units").gives(&["text/csv"]).minutes(5),
    admins("export_members").gives(&["text/csv"]).minutes(5),

    // Campaigns
    readers("list_campaigns", "campaigns:read").kept(ByReader),
    readers("find_campaign", "campaigns:read").kept(ByReader),
    by("create_campaign",     [NO_,  NO_,  NO_,  NO_,  YES,  NO_,  YES,  YES]).json().by_key(),
    by("update_campaign",     [HID,  HID,  HID,  HID,  YES,  HID,  YES,  YES]).merge_patch().conditional(),
    by("delete_campaign",     [HID,  HID,  HID,  HID,  YES,  HID,  YES,  YES]).conditional(),
    by("launch_campaign",     [HID,  HID,  HID,  HID,  YES,  HID,  YES,  YES]).json().by_key(),
    by("close_campaign",      [NO_,  NO_,  NO_,  NO_,  YES,  NO_,  YES,  YES]).json().by_key(),
    readers("find_progress", "progress:read").kept(ByReader),
    readers("find_unit_progress", "progress:read").kept(ByReader),
    readers("explain_target", "progress:read").kept(ByReader),
    by("list_pledges",        [YES,  YES,  YES,  YES,  YES,  YES,  YES,  YES]),
    by("create_pledge",       [NO_,  YES,  YES,  YES,  YES,  YES,  YES,  NO_]).json().by_key(),
    by("find_pledge",         [HID,  YES,  HID,  HID,  YES,  HID,  HID,  YES]),
    by("update_pledge",       [HID,  YES,  HID,  HID,  NO_,  HID,  HID,  NO_]).merge_patch().conditional(),
    by("delete_pledge",       [HID,  YES,  HID,  HID,  NO_,  HID,  HID,  NO_]).conditional(),
    by("sign_pledge",         [HID,  YES,  HID,  HID,  NO_,  HID,  HID,  NO_]).json().by_key(),
    by("list_checkins",       [HID,  YES,  HID,  HID,  YES,  HID,  HID,  YES]),
    by("create_checkin",      [HID,  YES,  HID,  HID,  NO_,  HID,  HID,  NO_]).json().by_key(),
    persons("create_checkin_batch").json().by_key(),
    by("find_checkin",        [HID,  YES,  HID,  HID,  YES,  HID,  HID,  YES]),
    by("update_checkin",      [HID,  YES,  HID,  HID,  NO_,  HID,  HID,  NO_]).merge_patch().conditional(),
    by("withdraw_checkin",    [HID,  YES,  HID,  HID,  NO_,  HID,  HID,  NO_]).conditional(),
    // Whoever decides is not the author: a manager or an admin gets 403 `own_checkin` for their own.
    by("verify_checkin",      [HID,  NO_,  HID,  HID,  YES,  HID,  HID,  YES]).json().by_key().conditional(),
    by("return_checkin",      [HID,  NO_,  HID,  HID,  YES,  HID,  HID,  YES]).json().by_key().conditional(),
    by("list_review_queue",   [NO_,  NO_,  NO_,  NO_,  YES,  YES,  YES,  YES]),
    readers("list_works", "campaigns:read").kept(ByReader),
    readers("find_work", "campaigns:read").kept(ByReader),
    by("create_work",         [NO_,  NO_,  NO_,  NO_,  YES,  NO_,  YES,  YES]).json().by_key(),
    by("update_work",         [NO_,  NO_,  NO_,  NO_,  YES,  NO_,  YES,  YES]).merge_patch().conditional(),

    // Feed
    public("list_activities").kept(AsSaid),
    public("find_activity").kept(ByReader),
    persons("list_feed").kept(ByReader),
    by("create_activity",     [NO_,  NO_,  NO_,  NO_,  NO_,  NO_,  YES,  YES]).json().by_key(),
    by("update_activity",     [HID,  HID,  HID,  HID,  HID,  HID,  YES,  YES]).merge_patch().conditional(),
    by("delete_activity",     [HID,  HID,  HID,  HID,  HID,  HID,  YES,  YES]).conditional(),
    by("submit_activity",     [HID,  HID,  HID,  HID,  HID,  HID,  YES,  YES]).json().by_key(),
    by("publish_activity",    [HID,  HID,  HID,  HID,  HID,  HID,  YES,  YES]).json().by_key(),
    by("archive_activity",    [NO_,  NO_,  NO_,  NO_,  NO_,  NO_,  YES,  YES]).json().by_key(),

    // Relay
    persons("list_notifications").kept(ByReader),
    persons("find_unread_count").kept(ByReader),
    persons("read_notifications").json().by_key(),
    by("list_deliveries",     [NO_,  NO_,  NO_,  NO_,  YES,  YES,  YES,  YES]),
    by("retry_delivery",      [NO_,  NO_,  NO_,  NO_,  YES,  HID,  NO_,  YES]).json().by_key(),

    // What Zalo tells, with its signature
    public("receive_mini_app_event").json().ignores_key("an event is taken in once by itself").lenient(),

    // Operations
    admins("list_audit_log"),
    public("find_health").gives(&[]).uncounted().ignores_bearer_token(),
    public("find_readiness").gives(&[]).uncounted().ignores_bearer_token(),
    public("explain_problem").gives(&[]).kept(AsSaid),
];
