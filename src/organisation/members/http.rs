//! Members over HTTP.

use actix_web::{
    get, patch, post,
    web::{Data, Path},
};

use super::{
    Member, MemberView, NewMember, actions, store,
    store::Part,
    wire::{MemberFilter, MemberPatch, MemberProfile, UnitMemberFilter},
};
use crate::{
    app::App,
    db::Tx,
    kit::{
        http::{Answer, Body, IfMatch, Listed, Manager, Person, Query, Reply, RequestContext, SignedIn},
        problems::Problem,
        values::{MemberId, UnitId},
    },
    organisation::units,
};

/// List members
///
/// The public part of the members that you may know of: yourself, colleagues of your units, and everybody in the units that
/// you have duties in; in the Vietnamese order of names.
#[utoipa::path(tag = "members", params(MemberFilter),
    responses((status = 200, body = Listed<MemberView>)))]
#[get("/members")]
pub async fn list_members(app: Data<App>, caller: SignedIn, query: Query<MemberFilter>) -> Answer<Listed<MemberView>> {
    let whose = caller.member_id.to_string();
    let page = app.cursors.page(&query, &whose, query.filter.limit, query.filter.cursor.as_deref())?;
    let part = query.filter.unit_id.map_or(Part::All, Part::Below);
    let words = query.filter.q.as_deref();
    let members = store::page_visible(app.db.reads(), &caller, part, words, app.clock.today(), &page).await?;
    let slice = app.cursors.slice(&page, members, |listed| listed.key.clone());
    Ok(Reply::list(slice.map(|listed| listed.member.into())))
}

/// Create a member
///
/// In a unit that you manage. The phone number links their first sign-in through Zalo to this member. Answers as `GET` does, and
/// is written into the audit log like it. A number that is somebody else's is `already_exists` with `taken` at `/phone`, and
/// that too is written down.
#[utoipa::path(tag = "members", request_body = NewMember,
    responses((status = 201, body = MemberProfile), (status = 409, description = "already_exists")))]
#[post("/members")]
pub async fn create_member(
    app: Data<App>,
    caller: Manager,
    context: RequestContext,
    body: Body<NewMember>,
) -> Answer<MemberProfile> {
    let (new, actor) = (body.0, context.actor());
    let answer = app
        .change(context.with_secret_answer(), async |tx| {
            let member = actions::create(tx, &app.vault, &caller, new).await?;
            let location = format!("/v1/members/{}", member.id);
            Ok(tagged(&app, tx, &caller, member).await?.made_at(location))
        })
        .await;
    actions::note_taken(&app, actor, &caller, answer).await
}

/// Find a member
///
/// The public part of a member whom you may know of. `private` is there for the member and for whoever manages a unit of
/// theirs; each look of the latter is written into the audit log.
#[utoipa::path(tag = "members", params(("member_id" = MemberId, Path, description = "The member")),
    responses((status = 200, body = MemberProfile)))]
#[get("/members/{member_id}")]
pub async fn find_member(
    app: Data<App>,
    caller: SignedIn,
    path: Path<MemberId>,
    context: RequestContext,
) -> Answer<MemberProfile> {
    let member = store::find_visible(app.db.reads(), &caller, *path, app.clock.today()).await?;
    let member = member.ok_or_else(Problem::not_found)?;
    let contact = actions::read_contact(&app, context.actor(), &caller, member.id).await?;
    let version = member.version;
    Ok(Reply::ok(MemberProfile::new(member, contact)).version(version))
}

/// Update a member
///
/// One whom you manage. What is absent stays, null clears. The audit log keeps which fields were changed, not what they said,
/// and that you were told of a number that it is `taken`.
#[utoipa::path(tag = "members", params(("member_id" = MemberId, Path, description = "The member")),
    request_body(content = MemberPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, body = MemberProfile), (status = 409, description = "already_exists")))]
#[patch("/members/{member_id}")]
pub async fn update_member(
    app: Data<App>,
    caller: Manager,
    path: Path<MemberId>,
    seen: IfMatch,
    context: RequestContext,
    body: Body<MemberPatch>,
) -> Answer<MemberProfile> {
    let (change, actor) = (body.0.parse()?, context.actor());
    let answer = app
        .change(context.with_secret_answer(), async |tx| {
            let member = actions::update(&app, tx, &caller, *path, &seen, change).await?;
            tagged(&app, tx, &caller, member).await
        })
        .await;
    actions::note_taken(&app, actor, &caller, answer).await
}

/// What `find_member` answers this caller.
async fn tagged(app: &App, tx: &Tx, caller: &Person, member: Member) -> Answer<MemberProfile> {
    let contact = actions::show_contact(tx, &app.vault, caller, member.id).await?;
    let version = member.version;
    Ok(Reply::ok(MemberProfile::new(member, contact)).version(version))
}

/// List a unit's members
///
/// Those of this very unit whom you may know of, in the Vietnamese order of names. As of a day: those of that day, with the
/// homes they had then.
#[utoipa::path(tag = "members", params(("unit_id" = UnitId, Path, description = "The unit"), UnitMemberFilter),
    responses((status = 200, body = Listed<MemberView>)))]
#[get("/units/{unit_id}/members")]
pub async fn list_unit_members(
    app: Data<App>,
    caller: SignedIn,
    path: Path<UnitId>,
    query: Query<UnitMemberFilter>,
) -> Answer<Listed<MemberView>> {
    let today = app.clock.today();
    let day = query.filter.as_of.unwrap_or(today);
    if !units::exists_on(app.db.reads(), *path, day).await? {
        return Err(Problem::not_found());
    }
    let whose = caller.member_id.to_string();
    let page = app.cursors.page(&query, &whose, query.filter.limit, query.filter.cursor.as_deref())?;
    let members = store::page_visible(app.db.reads(), &caller, Part::OfOn(*path, day), None, today, &page).await?;
    let slice = app.cursors.slice(&page, members, |listed| listed.key.clone());
    Ok(Reply::list(slice.map(|listed| listed.member.into())))
}
