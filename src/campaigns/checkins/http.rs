//! Check-ins over HTTP.

use actix_web::{
    delete, get, patch, post,
    web::{Data, Path},
};

use super::{
    Checkin, READ_PLACE,
    actions::{self, Received},
    batch::{self, BatchAnswer, BatchedCheckin, CheckinBatch, Sender},
    decisions::{self, Seen},
    places_of_others, store,
    wire::{CheckinFilter, CheckinPatch, CheckinView, NewCheckin, ReturnReason, Verification},
};
use crate::{
    app::App,
    audit::Subject,
    campaigns::pledges,
    kit::{
        http::{
            Answer, Batch, Body, IfMatch, Listed, ManagerOf, OptionalBody, OwnerOf, Query, Reply, RequestContext,
            SignedIn,
        },
        values::{CheckinId, Language, PledgeId},
    },
};

/// Check in
///
/// Safe to send again: the same `id` with the same content is the same check-in, answered 200. An acknowledged one is
/// durable. A late or odd one is held (`flags`) until a manager decides.
#[utoipa::path(tag = "checkins", params(("pledge_id" = PledgeId, Path, description = "The pledge")),
    request_body = NewCheckin,
    responses((status = 201, body = CheckinView), (status = 200, body = CheckinView, description = "It was there already, with the same content"),
        (status = 409, description = "checkin_conflict pledge_not_signed campaign_not_launched")))]
#[post("/pledges/{pledge_id}/checkins")]
pub async fn create_checkin(
    app: Data<App>,
    caller: OwnerOf<PledgeId>,
    path: Path<PledgeId>,
    context: RequestContext,
    body: Body<NewCheckin>,
) -> Answer<CheckinView> {
    let Body(new) = body;
    let grace_days = app.config.checkins.grace_days;
    app.change(context, async |tx| {
        let received = actions::check_in(tx, &caller, *path, new, grace_days).await?;
        Ok(match received {
            Received::New(checkin) => {
                let (location, version) = (format!("/v1/checkins/{}", checkin.id), checkin.version);
                Reply::created(location, checkin.into()).version(version)
            }
            Received::Known(checkin) => tagged(checkin),
        })
    })
    .await
}

/// Check in many times
///
/// What a phone kept while it was offline: up to 100, answered one by one in order. A bad one never stops the others; sending
/// all of them again is safe.
#[utoipa::path(tag = "checkins", request_body = CheckinBatch,
    responses((status = 200, body = BatchAnswer)))]
#[post("/checkins/batch")]
pub async fn create_checkin_batch(
    app: Data<App>,
    caller: SignedIn,
    context: RequestContext,
    language: Language,
    batch: Batch<CheckinBatch, BatchedCheckin>,
) -> Answer<BatchAnswer> {
    let request_id = context.request_id.clone().unwrap_or_default();
    let grace_days = app.config.checkins.grace_days;
    app.change(context, async |tx| {
        let sender = Sender { person: &caller, language, request_id: &request_id };
        batch::check_in_all(tx, &sender, batch.items, grace_days).await.map(Reply::ok)
    })
    .await
}

/// List a pledge's check-ins
///
/// Those that you may know of, the latest first. Note, place and reason are for the author and for whoever manages the unit;
/// that the latter has read where they were made is written into the audit log.
#[utoipa::path(tag = "checkins", params(("pledge_id" = PledgeId, Path, description = "The pledge"), CheckinFilter),
    responses((status = 200, body = Listed<CheckinView>)))]
#[get("/pledges/{pledge_id}/checkins")]
pub async fn list_checkins(
    app: Data<App>,
    caller: SignedIn,
    path: Path<PledgeId>,
    context: RequestContext,
    query: Query<CheckinFilter>,
) -> Answer<Listed<CheckinView>> {
    let (db, day) = (app.db.reads(), app.clock.today());
    let pledge = pledges::find_visible(db, &caller, *path, day).await?;
    let whose = caller.member_id.to_string();
    let page = app.cursors.page(&query, &whose, query.filter.limit, query.filter.cursor.as_deref())?;
    let checkins = store::page_visible(db, &caller, pledge.id, query.filter.status, day, &page).await?;
    let slice = app.cursors.slice(&page, checkins, |checkin| checkin.id);
    let subject = Subject { kind: "pledge", id: pledge.id.0 };
    app.accessed_among(&context, READ_PLACE, subject, &places_of_others(&caller, &slice.items)).await?;
    Ok(Reply::list(slice.map(CheckinView::from)))
}

/// Find a check-in
///
/// Your own, one of a unit that you manage, or one for your unit's pledge. Note, place and reason are for the author and for
/// whoever manages the unit; that the latter has read where it was made is written into the audit log.
#[utoipa::path(tag = "checkins", params(("checkin_id" = CheckinId, Path, description = "The check-in")),
    responses((status = 200, body = CheckinView)))]
#[get("/checkins/{checkin_id}")]
pub async fn find_checkin(
    app: Data<App>,
    caller: SignedIn,
    path: Path<CheckinId>,
    context: RequestContext,
) -> Answer<CheckinView> {
    let checkin = store::find_visible(app.db.reads(), &caller, *path, app.clock.today()).await?;
    let subject = Subject { kind: "checkin", id: checkin.id.0 };
    app.accessed_among(&context, READ_PLACE, subject, &places_of_others(&caller, [&checkin])).await?;
    Ok(tagged(checkin))
}

/// Update a check-in
///
/// Your own, while the campaign runs, until a manager has verified it. A returned one goes back to the manager, also when
/// the campaign was closed meanwhile.
#[utoipa::path(tag = "checkins", params(("checkin_id" = CheckinId, Path, description = "The check-in")),
    request_body(content = CheckinPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, body = CheckinView), (status = 409, description = "checkin_decided campaign_not_launched")))]
#[patch("/checkins/{checkin_id}")]
pub async fn update_checkin(
    app: Data<App>,
    caller: OwnerOf<CheckinId>,
    path: Path<CheckinId>,
    seen: IfMatch,
    context: RequestContext,
    body: Body<CheckinPatch>,
) -> Answer<CheckinView> {
    let Body(patch) = body;
    let grace_days = app.config.checkins.grace_days;
    app.change(context, async |tx| actions::update(tx, &caller, *path, &seen, patch, grace_days).await.map(tagged))
        .await
}

/// Withdraw a check-in
///
/// Your own, while the campaign runs, until a manager has verified it. It stays, as withdrawn, and counts no more.
#[utoipa::path(tag = "checkins", params(("checkin_id" = CheckinId, Path, description = "The check-in")),
    responses((status = 204), (status = 409, description = "checkin_decided campaign_not_launched")))]
#[delete("/checkins/{checkin_id}")]
pub async fn withdraw_checkin(
    app: Data<App>,
    caller: OwnerOf<CheckinId>,
    path: Path<CheckinId>,
    seen: IfMatch,
    context: RequestContext,
) -> Answer<()> {
    app.change(context, async |tx| {
        actions::withdraw(tx, &caller, *path, &seen).await?;
        Ok(Reply::nothing())
    })
    .await
}

/// Verify a check-in
///
/// Of a unit that you manage: from now on it counts as verified, and its author is told. Verifying again changes nothing.
/// Send the `version` that you have seen: where the author has changed it meanwhile, the answer is 412 `precondition_failed`
/// and nothing is verified. Nobody verifies their own check-in (403 `own_checkin`): another manager of the unit or of one above
/// it does; that of the manager of the topmost unit, an admin; an admin's own, another admin. That you read in the answer where
/// it was made is written into the audit log.
#[utoipa::path(tag = "checkins", params(("checkin_id" = CheckinId, Path, description = "The check-in")),
    request_body = Verification,
    responses((status = 200, body = CheckinView), (status = 403, description = "own_checkin"),
        (status = 409, description = "checkin_decided total_too_large"), (status = 412, description = "precondition_failed")))]
#[post("/checkins/{checkin_id}/verify")]
pub async fn verify_checkin(
    app: Data<App>,
    caller: ManagerOf<CheckinId>,
    path: Path<CheckinId>,
    seen: IfMatch,
    context: RequestContext,
    body: OptionalBody<Verification>,
) -> Answer<CheckinView> {
    let seen = Seen { tags: seen, version: body.0.version };
    app.change(context, async |tx| decisions::verify(tx, &caller, *path, &seen).await.map(tagged)).await
}

/// Return a check-in
///
/// Of a unit that you manage, with a reason: it does not count until its author has changed it. Returning again changes
/// nothing. Send the `version` that you have seen: where the author has changed it meanwhile, the answer is 412
/// `precondition_failed` and nothing is returned. Nobody returns their own check-in (403 `own_checkin`): they withdraw it. That
/// you read in the answer where it was made is written into the audit log.
#[utoipa::path(tag = "checkins", params(("checkin_id" = CheckinId, Path, description = "The check-in")),
    request_body = ReturnReason,
    responses((status = 200, body = CheckinView), (status = 403, description = "own_checkin"),
        (status = 409, description = "checkin_decided"), (status = 412, description = "precondition_failed")))]
#[post("/checkins/{checkin_id}/return")]
pub async fn return_checkin(
    app: Data<App>,
    caller: ManagerOf<CheckinId>,
    path: Path<CheckinId>,
    seen: IfMatch,
    context: RequestContext,
    body: Body<ReturnReason>,
) -> Answer<CheckinView> {
    let Body(ReturnReason { reason, version }) = body;
    let seen = Seen { tags: seen, version };
    app.change(context, async |tx| decisions::send_back(tx, &caller, *path, &seen, reason).await.map(tagged)).await
}

fn tagged(checkin: Checkin) -> Reply<CheckinView> {
    let version = checkin.version;
    Reply::ok(checkin.into()).version(version)
}
