//! Memberships over HTTP.

use actix_web::{
    get, patch, post,
    web::{Data, Path},
};
use chrono::NaiveDate;

use super::{
    Membership, NewMembership, actions, store,
    wire::{MembershipFilter, MembershipPatch, MembershipView},
};
use crate::{
    app::App,
    db::ConnectionTrait,
    kit::{
        http::{Answer, Body, IfMatch, Listed, Manager, ManagerOf, Query, Reply, RequestContext, SignedIn},
        problems::Problem,
        values::{MemberId, MembershipId, UnitId},
    },
    organisation::units,
};

/// List a member's memberships
///
/// Where they belong and belonged, the latest first: one's own, and those of the members of units that one manages.
#[utoipa::path(tag = "memberships", params(("member_id" = MemberId, Path, description = "The member"), MembershipFilter),
    responses((status = 200, body = Listed<MembershipView>)))]
#[get("/members/{member_id}/memberships")]
pub async fn list_memberships(
    app: Data<App>,
    caller: SignedIn,
    path: Path<MemberId>,
    query: Query<MembershipFilter>,
) -> Answer<Listed<MembershipView>> {
    let (db, today) = (app.db.reads(), app.clock.today());
    if !store::is_visible(db, &caller, *path, today).await? {
        return Err(Problem::not_found());
    }
    let whose = caller.member_id.to_string();
    let page = app.cursors.page(&query, &whose, query.filter.limit, query.filter.cursor.as_deref())?;
    let memberships = store::page_visible(db, &caller, *path, query.filter.as_of, today, &page).await?;
    let slice = app.cursors.slice(&page, memberships, |one| (one.valid_from, one.id));
    let ids: Vec<UnitId> = slice.items.iter().map(|one| one.unit_id).collect();
    let names = units::names_on(db, &ids, today).await?;
    Ok(Reply::list(slice.map(|one| {
        let name = names.get(&one.unit_id).cloned().unwrap_or_default();
        MembershipView::new(one, name)
    })))
}

/// Create a membership
///
/// A new home ends the old one on its first day; a temporary place stands beside it. Takes a manager of the new unit and of
/// the present home, or an admin.
#[utoipa::path(tag = "memberships", params(("member_id" = MemberId, Path, description = "The member")),
    request_body = NewMembership,
    responses((status = 201, body = MembershipView), (status = 409, description = "membership_overlap")))]
#[post("/members/{member_id}/memberships")]
pub async fn create_membership(
    app: Data<App>,
    caller: Manager,
    path: Path<MemberId>,
    context: RequestContext,
    body: Body<NewMembership>,
) -> Answer<MembershipView> {
    let Body(new) = body;
    app.change(context, async |tx| {
        let membership = actions::create(tx, &caller, *path, new).await?;
        let (location, version) = (format!("/v1/memberships/{}", membership.id), membership.version());
        Ok(Reply::created(location, named(tx, membership, tx.today()).await?).version(version))
    })
    .await
}

/// Find a membership
///
/// One's own, or that of a member of a unit that one manages.
#[utoipa::path(tag = "memberships", params(("membership_id" = MembershipId, Path, description = "The membership")),
    responses((status = 200, body = MembershipView)))]
#[get("/memberships/{membership_id}")]
pub async fn find_membership(app: Data<App>, caller: SignedIn, path: Path<MembershipId>) -> Answer<MembershipView> {
    let found = store::find_visible(app.db.reads(), &caller, *path, app.clock.today()).await?;
    tagged(app.db.reads(), found.ok_or_else(Problem::not_found)?, app.clock.today()).await
}

/// Update a membership
///
/// When it ends. It takes a manager of its unit, or an admin.
#[utoipa::path(tag = "memberships", params(("membership_id" = MembershipId, Path, description = "The membership")),
    request_body(content = MembershipPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, body = MembershipView), (status = 409, description = "membership_overlap")))]
#[patch("/memberships/{membership_id}")]
pub async fn update_membership(
    app: Data<App>,
    caller: ManagerOf<MembershipId>,
    path: Path<MembershipId>,
    seen: IfMatch,
    context: RequestContext,
    body: Body<MembershipPatch>,
) -> Answer<MembershipView> {
    let Body(patch) = body;
    app.change(context, async |tx| {
        let membership = actions::update(tx, &caller, *path, &seen, patch).await?;
        tagged(tx, membership, tx.today()).await
    })
    .await
}

async fn tagged(db: &impl ConnectionTrait, membership: Membership, today: NaiveDate) -> Answer<MembershipView> {
    let version = membership.version();
    Ok(Reply::ok(named(db, membership, today).await?).version(version))
}

/// With what its unit is called today, as the list has it.
async fn named(db: &impl ConnectionTrait, membership: Membership, today: NaiveDate) -> Result<MembershipView, Problem> {
    let unit = membership.unit_id;
    let name = units::names_on(db, &[unit], today).await?.remove(&unit).unwrap_or_default();
    Ok(MembershipView::new(membership, name))
}
