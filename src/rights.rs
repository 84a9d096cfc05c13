//! Who may call what: every operation for every kind of caller, in one table. The OpenAPI document takes each operation's
//! security and its line "Who may call" from here; a test calls every operation as everybody and compares. An operation
//! without a row fails that test, and so does a row without an operation.
//!
//! The gate itself is the type of the caller in a handler's signature (`kit::caller`), and objects are found by queries in
//! the caller's name, so that what one may not know of is not there.

use serde_json::{Value, json};

/// A kind of caller, as seen from the object that is called for: it is a member's own, of the unit U.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Not signed in.
    Anonymous,
    /// Signed in, in no unit.
    Guest,
    /// The member whose it is, of U.
    Owner,
    /// Another member of U.
    Colleague,
    /// A member of another unit.
    Stranger,
    /// A manager of U.
    Manager,
    /// A manager of another unit.
    OtherManager,
    /// An editor of U.
    Editor,
    /// An admin.
    Admin,
    /// An app with the scope that the operation asks for.
    App,
    /// An app without it.
    AppWithout,
}

/// The kinds in the order of the table's columns.
pub const KINDS: [Kind; 11] = [
    Kind::Anonymous,
    Kind::Guest,
    Kind::Owner,
    Kind::Colleague,
    Kind::Stranger,
    Kind::Manager,
    Kind::OtherManager,
    Kind::Editor,
    Kind::Admin,
    Kind::App,
    Kind::AppWithout,
];

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is let through.
    Yes,
    /// 401: sign in first.
    SignIn,
    /// 403: not with these rights.
    No,
    /// 404: to this caller there is no such thing; the very bytes of an absent one.
    Hidden,
}

/// An operation's row.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The operation's id.
    pub operation: &'static str,
    /// The scope that an app needs; none: it is not for apps.
    pub scope: Option<&'static str>,
    /// The verdicts, in the order of `KINDS`.
    pub verdicts: [Verdict; 11],
}

/// The row of an operation.
pub fn row(operation: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.operation == operation)
}

impl Row {
    /// Is this kind of caller let through?
    pub fn lets(&self, kind: Kind) -> bool {
        KINDS.iter().zip(self.verdicts).any(|(one, verdict)| *one == kind && verdict == Verdict::Yes)
    }

    /// The security requirements of the OpenAPI document (3.1, 4.8.30).
    pub fn security(&self) -> Value {
        if self.lets(Kind::Anonymous) {
            return json!([{}]);
        }
        let members = [Kind::Guest, Kind::Owner, Kind::Colleague, Kind::Stranger];
        let mut all = Vec::new();
        if members.into_iter().any(|kind| self.lets(kind)) {
            all.push(json!({"member": []}));
        }
        if [Kind::Manager, Kind::Editor, Kind::Admin].into_iter().any(|kind| self.lets(kind)) {
            all.push(json!({"staff": []}));
        }
        if let Some(scope) = self.scope {
            all.push(json!({"app": [scope]}));
        }
        all.into()
    }

    /// Who may call, in a sentence.
    pub fn words(&self) -> String {
        if self.lets(Kind::Anonymous) {
            return "everybody, without signing in".to_owned();
        }
        let persons = [
            (Kind::Guest, "guests"),
            (Kind::Owner, "the member whose it is"),
            (Kind::Colleague, "members of the unit"),
            (Kind::Stranger, "members of other units"),
            (Kind::Manager, "managers of the unit or of one above it"),
            (Kind::OtherManager, "managers of other units"),
            (Kind::Editor, "editors of the unit or of one above it"),
            (Kind::Admin, "admins"),
        ];
        let mut words: Vec<String> = if persons.iter().all(|(kind, _)| self.lets(*kind)) {
            vec!["whoever is signed in".to_owned()]
        } else {
            persons.iter().filter(|(kind, _)| self.lets(*kind)).map(|(_, words)| (*words).to_owned()).collect()
        };
        words.extend(self.scope.map(|scope| format!("apps with the scope `{scope}`")));
        words.join(", ")
    }
}

const YES: Verdict = Verdict::Yes;
const WHO: Verdict = Verdict::SignIn;
const NO_: Verdict = Verdict::No;
const HID: Verdict = Verdict::Hidden;

/// Everybody, signed in or not.
const fn public(operation: &'static str) -> Row {
    Row { operation, scope: None, verdicts: [YES; 11] }
}

/// Whoever is signed in, each about themselves or about what is open to all of them.
const fn persons(operation: &'static str) -> Row {
    Row { operation, scope: None, verdicts: [WHO, YES, YES, YES, YES, YES, YES, YES, YES, NO_, NO_] }
}

/// Whoever is signed in, and apps with the scope.
const fn readers(operation: &'static str, scope: &'static str) -> Row {
    Row { operation, scope: Some(scope), verdicts: [WHO, YES, YES, YES, YES, YES, YES, YES, YES, YES, NO_] }
}

/// Admins.
const fn admins(operation: &'static str) -> Row {
    by(operation, [NO_, NO_, NO_, NO_, NO_, NO_, NO_, YES])
}

/// Persons by what they are to the object: guest, owner, colleague, stranger, manager, other manager, editor, admin.
const fn by(operation: &'static str, persons: [Verdict; 8]) -> Row {
    let [guest, owner, colleague, stranger, manager, other_manager, editor, admin] = persons;
    let verdicts = [WHO, guest, owner, colleague, stranger, manager, other_manager, editor, admin, NO_, NO_];
    Row { operation, scope: None, verdicts }
}

/// Every operation.
#[rustfmt::skip]
pub const TABLE: &[Row] = &[
    // Identity
    public("sign_in_with_zalo"),
    public("refresh_session"),
    public("show_sign_in"),
    public("sign_in"),
    public("create_token"),
    public("revoke_token"),
    public("list_keys"),
    public("find_authorization_server"),
    persons("log_out"),
    persons("find_me"),
    persons("update_me"),
    persons("delete_me"),
    persons("export_me"),
    persons("update_avatar"),
    persons("delete_avatar"),
    public("find_avatar"),
    persons("list_sessions"),
    persons("list_consents"),
    persons("update_consents"),
    persons("list_own_data_requests"),
    persons("create_own_data_request"),
    admins("list_data_requests"),
    admins("create_data_request"),
    admins("acknowledge_data_request"),
    admins("resolve_data_request"),
    admins("delete_zalo_link"),
    admins("list_apps"),
    admins("create_app"),
    admins("find_app"),
    admins("update_app"),
    admins("delete_app"),
    admins("rotate_app_secret"),
    persons("list_role_grants"),
    //                         guest owner coll. stran. manag. other editor admin
    // Whoever has an account with a username and a password
    by("find_totp",           [HID,  HID,  HID,  HID,  YES,  YES,  YES,  YES]),
    by("create_totp",         [HID,  HID,  HID,  HID,  YES,  YES,  YES,  YES]),
    by("confirm_totp",        [HID,  HID,  HID,  HID,  YES,  YES,  YES,  YES]),
    by("delete_totp",         [HID,  HID,  HID,  HID,  YES,  YES,  YES,  YES]),
    by("update_password",     [HID,  HID,  HID,  HID,  YES,  YES,  YES,  YES]),
    by("delete_session",      [HID,  YES,  HID,  HID,  HID,  HID,  HID,  HID]),
    by("create_role_grant",   [NO_,  NO_,  NO_,  NO_,  YES,  NO_,  NO_,  YES]),
    by("find_role_grant",     [HID,  HID,  HID,  HID,  YES,  HID,  HID,  YES]),
    by("delete_role_grant",   [HID,  HID,  HID,  HID,  YES,  HID,  HID,  YES]),

    // Organisation
    readers("list_units", "activities:read"),
    readers("find_unit", "activities:read"),
    by("create_unit",         [NO_,  NO_,  NO_,  NO_,  YES,  NO_,  NO_,  YES]),
    by("update_unit",         [NO_,  NO_,  NO_,  NO_,  YES,  NO_,  NO_,  YES]),
    by("delete_unit",         [NO_,  NO_,  NO_,  NO_,  YES,  NO_,  NO_,  YES]),
    by("merge_unit",          [NO_,  NO_,  NO_,  NO_,  YES,  NO_,  NO_,  YES]),
    by("move_unit",           [NO_,  NO_,  NO_,  NO_,  YES,  NO_,  NO_,  YES]),
    by("split_unit",          [NO_,  NO_,  NO_,  NO_,  YES,  NO_,  NO_,  YES]),
    readers("list_clusters", "activities:read"),
    readers("find_cluster", "activities:read"),
    by("create_cluster",      [NO_,  NO_,  NO_,  NO_,  YES,  NO_,  NO_,  YES]),
    by("update_cluster",      [NO_,  NO_,  NO_,  NO_,  YES,  NO_,  NO_,  YES]),
    persons("list_members"),
    by("find_member",         [HID,  YES,  YES,  HID,  YES,  HID,  YES,  YES]),
    by("create_member",       [NO_,  NO_,  NO_,  NO_,  YES,  NO_,  NO_,  YES]),
    by("update_member",       [NO_,  NO_,  NO_,  NO_,  YES,  HID,  NO_,  YES]),
    persons("list_unit_members"),
    by("list_memberships",    [HID,  YES,  HID,  HID,  YES,  HID,  HID,  YES]),
    by("create_membership",   [NO_,  NO_,  NO_,  NO_,  YES,  HID,  HID,  YES]),
    by("find_membership",     [HID,  YES,  HID,  HID,  YES,  HID,  HID,  YES]),
    by("update_membership",   [HID,  NO_,  HID,  HID,  YES,  HID,  HID,  YES]),
    // What a manager of U has sent.
    by("list_imports",        [NO_,  NO_,  NO_,  NO_,  YES,  YES,  YES,  YES]),
    by("create_import",       [NO_,  NO_,  NO_,  NO_,  YES,  YES,  NO_,  YES]),
    by("find_import",         [HID,  HID,  HID,  HID,  YES,  HID,  HID,  YES]),
    by("list_import_conflicts", [HID, HID, HID,  HID,  YES,  HID,  HID,  YES]),
    admins("export_units"),
    admins("export_members"),

    // Campaigns
    readers("list_campaigns", "campaigns:read"),
    readers("find_campaign", "campaigns:read"),
    by("create_campaign",     [NO_,  NO_,  NO_,  NO_,  YES,  NO_,  YES,  YES]),
    by("update_campaign",     [HID,  HID,  HID,  HID,  YES,  HID,  YES,  YES]),
    by("delete_campaign",     [HID,  HID,  HID,  HID,  YES,  HID,  YES,  YES]),
    by("launch_campaign",     [HID,  HID,  HID,  HID,  YES,  HID,  YES,  YES]),
    by("close_campaign",      [NO_,  NO_,  NO_,  NO_,  YES,  NO_,  YES,  YES]),
    readers("find_progress", "progress:read"),
    readers("find_unit_progress", "progress:read"),
    readers("explain_target", "progress:read"),
    by("list_pledges",        [YES,  YES,  YES,  YES,  YES,  YES,  YES,  YES]),
    by("create_pledge",       [NO_,  YES,  YES,  YES,  YES,  YES,  YES,  NO_]),
    by("find_pledge",         [HID,  YES,  HID,  HID,  YES,  HID,  HID,  YES]),
    by("update_pledge",       [HID,  YES,  HID,  HID,  NO_,  HID,  HID,  NO_]),
    by("delete_pledge",       [HID,  YES,  HID,  HID,  NO_,  HID,  HID,  NO_]),
    by("sign_pledge",         [HID,  YES,  HID,  HID,  NO_,  HID,  HID,  NO_]),
    by("list_checkins",       [HID,  YES,  HID,  HID,  YES,  HID,  HID,  YES]),
    by("create_checkin",      [HID,  YES,  HID,  HID,  NO_,  HID,  HID,  NO_]),
    persons("create_checkin_batch"),
    by("find_checkin",        [HID,  YES,  HID,  HID,  YES,  HID,  HID,  YES]),
    by("update_checkin",      [HID,  YES,  HID,  HID,  NO_,  HID,  HID,  NO_]),
    by("withdraw_checkin",    [HID,  YES,  HID,  HID,  NO_,  HID,  HID,  NO_]),
    // Whoever decides is not the author: a manager or an admin gets 403 `own_checkin` for their own.
    by("verify_checkin",      [HID,  NO_,  HID,  HID,  YES,  HID,  HID,  YES]),
    by("return_checkin",      [HID,  NO_,  HID,  HID,  YES,  HID,  HID,  YES]),
    by("list_review_queue",   [NO_,  NO_,  NO_,  NO_,  YES,  YES,  YES,  YES]),
    readers("list_works", "campaigns:read"),
    readers("find_work", "campaigns:read"),
    by("create_work",         [NO_,  NO_,  NO_,  NO_,  YES,  NO_,  YES,  YES]),
    by("update_work",         [NO_,  NO_,  NO_,  NO_,  YES,  NO_,  YES,  YES]),

    // Feed
    public("list_activities"),
    public("find_activity"),
    persons("list_feed"),
    by("create_activity",     [NO_,  NO_,  NO_,  NO_,  NO_,  NO_,  YES,  YES]),
    by("update_activity",     [HID,  HID,  HID,  HID,  HID,  HID,  YES,  YES]),
    by("delete_activity",     [HID,  HID,  HID,  HID,  HID,  HID,  YES,  YES]),
    by("submit_activity",     [HID,  HID,  HID,  HID,  HID,  HID,  YES,  YES]),
    by("publish_activity",    [HID,  HID,  HID,  HID,  HID,  HID,  YES,  YES]),
    by("archive_activity",    [NO_,  NO_,  NO_,  NO_,  NO_,  NO_,  YES,  YES]),

    // Relay
    persons("list_notifications"),
    persons("find_unread_count"),
    persons("read_notifications"),
    by("list_deliveries",     [NO_,  NO_,  NO_,  NO_,  YES,  YES,  YES,  YES]),
    by("retry_delivery",      [NO_,  NO_,  NO_,  NO_,  YES,  HID,  HID,  YES]),

    // What Zalo tells, with its signature
    public("receive_mini_app_event"),

    // Operations
    admins("list_audit_log"),
    public("find_health"),
    public("find_readiness"),
    public("explain_problem"),
];
