//! Role grants over HTTP.

use actix_web::{
    delete, get, post,
    web::{Data, Path},
};

use super::{
    actions, store,
    wire::{NewRoleGrant, RoleGrantFilter, RoleGrantView},
};
use crate::{
    app::App,
    kit::{
        http::{Answer, Body, IfMatch, Listed, Manager, ManagerOf, Query, Reply, RequestContext, SignedIn},
        problems::Problem,
        values::RoleGrantId,
    },
};

/// List role grants
///
/// Your own, and those over units that you manage; oldest first, ended ones too.
#[utoipa::path(tag = "role_grants", params(RoleGrantFilter),
    responses((status = 200, body = Listed<RoleGrantView>)))]
#[get("/role-grants")]
pub async fn list_role_grants(
    app: Data<App>,
    caller: SignedIn,
    query: Query<RoleGrantFilter>,
) -> Answer<Listed<RoleGrantView>> {
    let whose = caller.member_id.to_string();
    let page = app.cursors.page(&query, &whose, query.filter.limit, query.filter.cursor.as_deref())?;
    let day = app.clock.today();
    let grants = store::page_visible(app.db.reads(), &caller, query.filter.member_id, day, &page).await?;
    Ok(Reply::list(app.cursors.slice(&page, grants, |grant| grant.id).map(RoleGrantView::from)))
}

/// Find a role grant
///
/// One of yours, or over a unit that you manage.
#[utoipa::path(tag = "role_grants", params(("role_grant_id" = RoleGrantId, Path, description = "The grant")),
    responses((status = 200, body = RoleGrantView)))]
#[get("/role-grants/{role_grant_id}")]
pub async fn find_role_grant(
    app: Data<App>,
    caller: ManagerOf<RoleGrantId>,
    path: Path<RoleGrantId>,
) -> Answer<RoleGrantView> {
    let grant = store::find_visible(app.db.reads(), &caller, *path, app.clock.today()).await?;
    Ok(Reply::ok(grant.ok_or_else(Problem::not_found)?.into()))
}

/// Grant a role
///
/// An admin grants any role; a manager grants `unit_manager` and `editor` for their own units and all below them, to others and
/// for no longer than they manage the unit themselves (`beyond_own_role`).
#[utoipa::path(tag = "role_grants", request_body = NewRoleGrant,
    responses((status = 201, body = RoleGrantView), (status = 409, description = "role_already_granted")))]
#[post("/role-grants")]
pub async fn create_role_grant(
    app: Data<App>,
    caller: Manager,
    context: RequestContext,
    body: Body<NewRoleGrant>,
) -> Answer<RoleGrantView> {
    let Body(new) = body;
    app.change(context, async |tx| {
        let grant = actions::grant(tx, &caller, new).await?;
        Ok(Reply::created(format!("/v1/role-grants/{}", grant.id), grant.into()))
    })
    .await
}

/// Delete a role grant
///
/// Takes the role back from today on; the grant stays as history. It stops working everywhere within 5 seconds. A manager takes
/// back any role below their own unit, and over the unit itself what they gave. The last admin who can sign in stays one, and
/// the last one whose role has no end.
#[utoipa::path(tag = "role_grants", params(("role_grant_id" = RoleGrantId, Path, description = "The grant")),
    responses((status = 204), (status = 409, description = "last_admin")))]
#[delete("/role-grants/{role_grant_id}")]
pub async fn delete_role_grant(
    app: Data<App>,
    caller: ManagerOf<RoleGrantId>,
    path: Path<RoleGrantId>,
    seen: IfMatch,
    context: RequestContext,
) -> Answer<()> {
    app.change(context, async |tx| {
        actions::revoke(tx, &caller, *path, &seen).await?;
        Ok(Reply::nothing())
    })
    .await
}
