//! Works over HTTP.

use actix_web::{
    get, patch, post,
    web::{Data, Path},
};

use super::{
    Work, actions, store,
    wire::{NewWork, WorkFilter, WorkPatch, WorkView},
};
use crate::{
    app::App,
    campaigns::campaigns,
    kit::{
        http::{Answer, AppWith, Body, CampaignsRead, IfMatch, Listed, Query, Reply, RequestContext, StaffOf},
        problems::Problem,
        values::{CampaignId, WorkId},
    },
};

/// List a campaign's works
///
/// Projects, models and tasks that units carry out; oldest first.
#[utoipa::path(tag = "works", params(("campaign_id" = CampaignId, Path, description = "The campaign"), WorkFilter),
    responses((status = 200, body = Listed<WorkView>)))]
#[get("/campaigns/{campaign_id}/works")]
pub async fn list_works(
    app: Data<App>,
    caller: AppWith<CampaignsRead>,
    path: Path<CampaignId>,
    query: Query<WorkFilter>,
) -> Answer<Listed<WorkView>> {
    let campaign = campaigns::find_visible(app.db.reads(), &caller, *path, app.clock.today()).await?;
    let page = app.cursors.page(&query, &caller.key(), query.filter.limit, query.filter.cursor.as_deref())?;
    let works = store::page(app.db.reads(), campaign.id, &query.filter, app.clock.today(), &page).await?;
    Ok(Reply::list(app.cursors.slice(&page, works, |work| work.id).map(WorkView::from)))
}

/// Create a work
///
/// Of a unit that you manage or publish for.
#[utoipa::path(tag = "works", params(("campaign_id" = CampaignId, Path, description = "The campaign")),
    request_body = NewWork,
    responses((status = 201, body = WorkView), (status = 409, description = "already_exists")))]
#[post("/campaigns/{campaign_id}/works")]
pub async fn create_work(
    app: Data<App>,
    caller: StaffOf<CampaignId>,
    path: Path<CampaignId>,
    context: RequestContext,
    body: Body<NewWork>,
) -> Answer<WorkView> {
    let Body(new) = body;
    app.change(context, async |tx| {
        let work = actions::create(tx, &caller.caller(), *path, new).await?;
        let (location, version) = (format!("/v1/works/{}", work.id), work.version);
        Ok(Reply::created(location, work.into()).version(version))
    })
    .await
}

/// Find a work
///
/// Of a campaign that you may know of.
#[utoipa::path(tag = "works", params(("work_id" = WorkId, Path, description = "The work")),
    responses((status = 200, body = WorkView)))]
#[get("/works/{work_id}")]
pub async fn find_work(app: Data<App>, caller: AppWith<CampaignsRead>, path: Path<WorkId>) -> Answer<WorkView> {
    let work = store::find(app.db.reads(), *path).await?.ok_or_else(Problem::not_found)?;
    campaigns::find_visible(app.db.reads(), &caller, work.campaign_id, app.clock.today()).await?;
    Ok(tagged(work))
}

/// Update a work
///
/// What it has reached and where it stands, by whoever manages its unit or publishes for it.
#[utoipa::path(tag = "works", params(("work_id" = WorkId, Path, description = "The work")),
    request_body(content = WorkPatch, content_type = "application/merge-patch+json"), responses((status = 200, body = WorkView)))]
#[patch("/works/{work_id}")]
pub async fn update_work(
    app: Data<App>,
    caller: StaffOf<WorkId>,
    path: Path<WorkId>,
    seen: IfMatch,
    context: RequestContext,
    body: Body<WorkPatch>,
) -> Answer<WorkView> {
    let Body(patch) = body;
    app.change(context, async |tx| actions::update(tx, &caller.caller(), *path, &seen, patch).await.map(tagged)).await
}

fn tagged(work: Work) -> Reply<WorkView> {
    let version = work.version;
    Reply::ok(work.into()).version(version)
}
