//! Pledges over HTTP.

use actix_web::{
    delete, get, patch, post,
    web::{Data, Path},
};

use super::{
    Pledge, actions, store, tally,
    wire::{NewPledge, PledgeFilter, PledgePatch, PledgeView},
};
use crate::{
    app::App,
    campaigns::campaigns,
    db::ConnectionTrait,
    kit::{
        http::{Answer, Body, IfMatch, Listed, NoFields, OwnerOf, Query, Reply, RequestContext, SignedIn},
        problems::Problem,
        values::{CampaignId, PledgeId},
    },
};

/// List a campaign's pledges
///
/// Your own, those that count for units that you manage, and the signed ones of units in campaigns that are for you; oldest
/// first.
#[utoipa::path(tag = "pledges", params(("campaign_id" = CampaignId, Path, description = "The campaign"), PledgeFilter),
    responses((status = 200, body = Listed<PledgeView>)))]
#[get("/campaigns/{campaign_id}/pledges")]
pub async fn list_pledges(
    app: Data<App>,
    caller: SignedIn,
    path: Path<CampaignId>,
    query: Query<PledgeFilter>,
) -> Answer<Listed<PledgeView>> {
    let (db, day) = (app.db.reads(), app.clock.today());
    let campaign = campaigns::find_visible(db, &caller.caller(), *path, day).await?;
    let whose = caller.member_id.to_string();
    let page = app.cursors.page(&query, &whose, query.filter.limit, query.filter.cursor.as_deref())?;
    let pledges = store::page_visible(db, &caller, &campaign, &query.filter, day, &page).await?;
    let slice = app.cursors.slice(&page, pledges, |pledge| pledge.id);
    let mut views = tally::views(db, slice.items.clone(), day).await?.into_iter();
    Ok(Reply::list(slice.filter_map(|_| views.next())))
}

/// Create a pledge
///
/// Your own, or a unit's that you manage, in a campaign that runs and is for it. It is a draft until you sign it. A member, and
/// a unit, has at most 50 living pledges in a campaign: drafts, signed and lapsed ones (409 `too_many_pledges`).
#[utoipa::path(tag = "pledges", params(("campaign_id" = CampaignId, Path, description = "The campaign")),
    request_body = NewPledge,
    responses((status = 201, body = PledgeView), (status = 409, description = "campaign_not_launched already_exists too_many_pledges")))]
#[post("/campaigns/{campaign_id}/pledges")]
pub async fn create_pledge(
    app: Data<App>,
    caller: SignedIn,
    path: Path<CampaignId>,
    context: RequestContext,
    body: Body<NewPledge>,
) -> Answer<PledgeView> {
    let Body(new) = body;
    app.change(context, async |tx| {
        let pledge = actions::create(tx, &caller.caller(), *path, new).await?;
        let (location, version) = (format!("/v1/pledges/{}", pledge.id), pledge.version);
        Ok(Reply::created(location, view(tx, pledge, tx.today()).await?).version(version))
    })
    .await
}

/// Find a pledge
///
/// With what has come of it. A member's own is seen by the member and the managers above; a unit's by everyone in the
/// campaign's audience, once it is signed.
#[utoipa::path(tag = "pledges", params(("pledge_id" = PledgeId, Path, description = "The pledge")),
    responses((status = 200, body = PledgeView)))]
#[get("/pledges/{pledge_id}")]
pub async fn find_pledge(app: Data<App>, caller: SignedIn, path: Path<PledgeId>) -> Answer<PledgeView> {
    let pledge = store::find_visible(app.db.reads(), &caller, *path, app.clock.today()).await?;
    let version = pledge.version;
    Ok(Reply::ok(view(app.db.reads(), pledge, app.clock.today()).await?).version(version))
}

/// Update a pledge
///
/// A draft only: a signed one keeps its text.
#[utoipa::path(tag = "pledges", params(("pledge_id" = PledgeId, Path, description = "The pledge")),
    request_body(content = PledgePatch, content_type = "application/merge-patch+json"),
    responses((status = 200, body = PledgeView), (status = 409, description = "pledge_signed")))]
#[patch("/pledges/{pledge_id}")]
pub async fn update_pledge(
    app: Data<App>,
    caller: OwnerOf<PledgeId>,
    path: Path<PledgeId>,
    seen: IfMatch,
    context: RequestContext,
    body: Body<PledgePatch>,
) -> Answer<PledgeView> {
    let Body(patch) = body;
    app.change(context, async |tx| {
        let pledge = actions::update(tx, &caller, *path, &seen, patch).await?;
        let version = pledge.version;
        Ok(Reply::ok(view(tx, pledge, tx.today()).await?).version(version))
    })
    .await
}

/// Delete a pledge
///
/// A draft only.
#[utoipa::path(tag = "pledges", params(("pledge_id" = PledgeId, Path, description = "The pledge")),
    responses((status = 204), (status = 409, description = "pledge_signed")))]
#[delete("/pledges/{pledge_id}")]
pub async fn delete_pledge(
    app: Data<App>,
    caller: OwnerOf<PledgeId>,
    path: Path<PledgeId>,
    seen: IfMatch,
    context: RequestContext,
) -> Answer<()> {
    app.change(context, async |tx| {
        actions::delete(tx, &caller, *path, &seen).await?;
        Ok(Reply::nothing())
    })
    .await
}

/// Sign a pledge
///
/// Seals the text: from now on it keeps it, takes check-ins, and counts in the campaign's figures. Your own, or a unit's that
/// you manage.
#[utoipa::path(tag = "pledges", params(("pledge_id" = PledgeId, Path, description = "The pledge")),
    request_body = NoFields,
    responses((status = 200, body = PledgeView), (status = 409, description = "pledge_signed campaign_not_launched unit_ended")))]
#[post("/pledges/{pledge_id}/sign")]
pub async fn sign_pledge(
    app: Data<App>,
    caller: OwnerOf<PledgeId>,
    path: Path<PledgeId>,
    context: RequestContext,
    _body: Body<NoFields>,
) -> Answer<PledgeView> {
    app.change(context, async |tx| {
        let pledge = actions::sign(tx, &caller, *path).await?;
        let version = pledge.version;
        Ok(Reply::ok(view(tx, pledge, tx.today()).await?).version(version))
    })
    .await
}

async fn view(db: &impl ConnectionTrait, pledge: Pledge, today: chrono::NaiveDate) -> Result<PledgeView, Problem> {
    tally::views(db, vec![pledge], today).await?.into_iter().next().ok_or_else(Problem::not_found)
}
