//! Progress over HTTP.

use actix_web::{
    get,
    web::{Data, Path},
};

use super::wire::{Figures, ProgressView};
use crate::{
    app::App,
    campaigns::{campaigns, ledger, pledges},
    kit::{
        answer::{Answer, Reply},
        caller::{ProgressRead, With},
        ids::{CampaignId, TargetId, UnitId},
    },
    organisation::units,
};

/// Find a campaign's progress
///
/// Per target what is pledged, reported and verified, and by unit. Each figure is the sum of the check-ins it stands for;
/// `GET /v1/targets/{target_id}/explain` names them.
#[utoipa::path(tag = "progress", params(("campaign_id" = CampaignId, Path, description = "The campaign")),
    security(("member" = []), ("staff" = []), ("app" = ["progress:read"])), responses((status = 200, body = ProgressView)))]
#[get("/campaigns/{campaign_id}/progress")]
pub async fn find_progress(app: Data<App>, caller: With<ProgressRead>, path: Path<CampaignId>) -> Answer<ProgressView> {
    let (db, day) = (app.db.reads(), app.clock.today());
    let campaign = campaigns::find_visible(db, &caller, *path, day).await?;
    let targets: Vec<TargetId> = campaign.targets.iter().map(|target| target.id).collect();
    let pledged = pledges::pledged_by_unit(db, campaign.id).await?;
    let counted = ledger::totals_of(db, &targets).await?;
    let unit_ids: Vec<UnitId> = pledged.keys().chain(counted.keys()).map(|(_, unit)| *unit).collect();
    let names = units::names_on(db, &unit_ids, day).await?;
    let figures = Figures { pledged: &pledged, counted: &counted, names: &names };
    let targets = campaign.targets.iter().map(|target| figures.of(target)).collect();
    Ok(Reply::ok(ProgressView { as_of: app.clock.now(), targets }))
}
