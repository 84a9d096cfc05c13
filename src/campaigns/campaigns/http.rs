//! Campaigns over HTTP.

use actix_web::{
    delete, get, patch, post,
    web::{Data, Path},
};

use super::{
    Campaign, actions, store,
    wire::{CampaignFilter, CampaignPatch, CampaignView, NewCampaign},
};
use crate::{
    app::App,
    kit::{
        http::{
            Answer, AppWith, Body, CampaignsRead, IfMatch, Listed, NoFields, Query, Reply, RequestContext, Staff,
            StaffOf,
        },
        values::CampaignId,
    },
};

/// List campaigns
///
/// The latest first. Drafts are listed to those who write them.
#[utoipa::path(tag = "campaigns", params(CampaignFilter),
    responses((status = 200, body = Listed<CampaignView>)))]
#[get("/campaigns")]
pub async fn list_campaigns(
    app: Data<App>,
    caller: AppWith<CampaignsRead>,
    query: Query<CampaignFilter>,
) -> Answer<Listed<CampaignView>> {
    let page = app.cursors.page(&query, &caller.key(), query.filter.limit, query.filter.cursor.as_deref())?;
    let campaigns = store::page_visible(app.db.reads(), &caller, &query.filter, app.clock.today(), &page).await?;
    let slice = app.cursors.slice(&page, campaigns, |campaign| (campaign.starts_on, campaign.id));
    Ok(Reply::list(slice.map(CampaignView::from)))
}

/// Create a campaign
///
/// As a draft, for the unit that you have duties in or one below it. Launch it when it is ready.
#[utoipa::path(tag = "campaigns", request_body = NewCampaign,
    responses((status = 201, body = CampaignView), (status = 409, description = "already_exists")))]
#[post("/campaigns")]
pub async fn create_campaign(
    app: Data<App>,
    caller: Staff,
    context: RequestContext,
    body: Body<NewCampaign>,
) -> Answer<CampaignView> {
    let Body(new) = body;
    app.change(context, async |tx| {
        let campaign = actions::create(tx, &caller, new).await?;
        let location = format!("/v1/campaigns/{}", campaign.id);
        let version = campaign.version;
        Ok(Reply::created(location, CampaignView::from(campaign)).version(version))
    })
    .await
}

/// Find a campaign
///
/// With its phases, targets and audience.
#[utoipa::path(tag = "campaigns", params(("campaign_id" = CampaignId, Path, description = "The campaign")),
    responses((status = 200, body = CampaignView)))]
#[get("/campaigns/{campaign_id}")]
pub async fn find_campaign(
    app: Data<App>,
    caller: AppWith<CampaignsRead>,
    path: Path<CampaignId>,
) -> Answer<CampaignView> {
    store::find_visible(app.db.reads(), &caller, *path, app.clock.today()).await.map(tagged)
}

/// Update a campaign
///
/// Of a launched one the texts, the last day and the goals can be changed, and targets added; what it said before is kept.
#[utoipa::path(tag = "campaigns", params(("campaign_id" = CampaignId, Path, description = "The campaign")),
    request_body(content = CampaignPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, body = CampaignView), (status = 409, description = "campaign_not_launched unit_ended")))]
#[patch("/campaigns/{campaign_id}")]
pub async fn update_campaign(
    app: Data<App>,
    caller: StaffOf<CampaignId>,
    path: Path<CampaignId>,
    seen: IfMatch,
    context: RequestContext,
    body: Body<CampaignPatch>,
) -> Answer<CampaignView> {
    let Body(patch) = body;
    app.change(context, async |tx| actions::update(tx, &caller, *path, &seen, patch).await.map(tagged)).await
}

/// Delete a campaign
///
/// A draft only: what was launched has happened.
#[utoipa::path(tag = "campaigns", params(("campaign_id" = CampaignId, Path, description = "The campaign")),
    responses((status = 204), (status = 409, description = "campaign_launched")))]
#[delete("/campaigns/{campaign_id}")]
pub async fn delete_campaign(
    app: Data<App>,
    caller: StaffOf<CampaignId>,
    path: Path<CampaignId>,
    seen: IfMatch,
    context: RequestContext,
) -> Answer<()> {
    app.change(context, async |tx| {
        actions::delete(tx, &caller, *path, &seen).await?;
        Ok(Reply::nothing())
    })
    .await
}

/// Launch a campaign
///
/// From now on it is seen by all and takes pledges; its audience is told.
#[utoipa::path(tag = "campaigns", params(("campaign_id" = CampaignId, Path, description = "The campaign")),
    request_body = NoFields,
    responses((status = 200, body = CampaignView), (status = 409, description = "campaign_launched unit_ended")))]
#[post("/campaigns/{campaign_id}/launch")]
pub async fn launch_campaign(
    app: Data<App>,
    caller: StaffOf<CampaignId>,
    path: Path<CampaignId>,
    context: RequestContext,
    _body: Body<NoFields>,
) -> Answer<CampaignView> {
    app.change(context, async |tx| actions::launch(tx, &caller, *path).await.map(tagged)).await
}

/// Close a campaign
///
/// It takes no more pledges and check-ins; what was reported can still be verified.
#[utoipa::path(tag = "campaigns", params(("campaign_id" = CampaignId, Path, description = "The campaign")),
    request_body = NoFields,
    responses((status = 200, body = CampaignView), (status = 409, description = "campaign_not_launched")))]
#[post("/campaigns/{campaign_id}/close")]
pub async fn close_campaign(
    app: Data<App>,
    caller: StaffOf<CampaignId>,
    path: Path<CampaignId>,
    context: RequestContext,
    _body: Body<NoFields>,
) -> Answer<CampaignView> {
    app.change(context, async |tx| actions::close(tx, &caller, *path).await.map(tagged)).await
}

fn tagged(campaign: Campaign) -> Reply<CampaignView> {
    let version = campaign.version;
    Reply::ok(campaign.into()).version(version)
}
