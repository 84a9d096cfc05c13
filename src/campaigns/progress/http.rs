//! Progress over HTTP.

use actix_web::{
    get,
    web::{Data, Path},
};
use chrono::{DateTime, NaiveDate, Utc};

use super::{
    figures::Figures,
    wire::{ProgressFilter, ProgressView, UnitProgressFilter, UnitProgressView},
};
use crate::{
    app::App,
    campaigns::{campaigns, ledger::Part},
    kit::{
        http::{Answer, AppWith, ProgressRead, Query, Reply},
        problems::Problem,
        values::{CampaignId, UnitId, clock::start_in_vietnam},
    },
    organisation::units,
};

/// Find a campaign's progress
///
/// Per target what is pledged, reported and verified, and by unit. Each figure is the sum of the check-ins it stands for;
/// `GET /v1/targets/{target_id}/explain` names them. As of a day: what happened up to it, by the units of that day; what
/// becomes of units later does not change it.
#[utoipa::path(tag = "progress", params(("campaign_id" = CampaignId, Path, description = "The campaign"), ProgressFilter),
    responses((status = 200, body = ProgressView)))]
#[get("/campaigns/{campaign_id}/progress")]
pub async fn find_progress(
    app: Data<App>,
    caller: AppWith<ProgressRead>,
    path: Path<CampaignId>,
    query: Query<ProgressFilter>,
) -> Answer<ProgressView> {
    let (db, today) = (app.db.reads(), app.clock.today());
    let day = query.filter.as_of.unwrap_or(today);
    let campaign = campaigns::find_visible(db, &caller, *path, today).await?;
    let part = Part { until: query.filter.as_of, below: None };
    let figures = Figures::of_units(db, std::slice::from_ref(&campaign), part, day).await?;
    let targets = campaign.targets.iter().map(|target| figures.of(target)).collect();
    let as_of = moment(app.clock.now(), query.filter.as_of);
    // The moment moves on by itself: whoever has these figures has them all.
    Reply::ok(ProgressView { as_of, targets }).tagged_by(|view| &view.targets)
}

/// Find a unit's progress
///
/// The figures of a unit and all below it, per target, and by the units directly below it; what was done in the unit itself
/// is listed under its own id. Of one campaign, or of all those with the day in their time that have a figure here.
#[utoipa::path(tag = "progress", params(("unit_id" = UnitId, Path, description = "The unit"), UnitProgressFilter),
    responses((status = 200, body = UnitProgressView)))]
#[get("/units/{unit_id}/progress")]
pub async fn find_unit_progress(
    app: Data<App>,
    caller: AppWith<ProgressRead>,
    path: Path<UnitId>,
    query: Query<UnitProgressFilter>,
) -> Answer<UnitProgressView> {
    let (db, today) = (app.db.reads(), app.clock.today());
    let day = query.filter.as_of.unwrap_or(today);
    let unit = units::find_on(db, *path, day).await?.ok_or_else(Problem::not_found)?;
    let campaigns = match query.filter.campaign_id {
        Some(campaign) => vec![campaigns::find_visible(db, &caller, campaign, today).await?],
        None => campaigns::running_on(db, &caller, day, today).await?,
    };
    let part = Part { until: query.filter.as_of, below: Some((unit.id, day)) };
    let figures = Figures::of_branches(db, &campaigns, part, unit.id, day).await?;
    let is_asked = query.filter.campaign_id.is_some();
    let targets = campaigns.iter().flat_map(|campaign| {
        let figures = &figures;
        campaign.targets.iter().map(move |target| (campaign.id, figures.of(target)))
    });
    let targets = targets.filter(|(_, target)| is_asked || !target.units.is_empty()).map(Into::into).collect();
    let as_of = moment(app.clock.now(), query.filter.as_of);
    Reply::ok(UnitProgressView { as_of, unit_id: unit.id, name: unit.name, targets }).tagged_by(|view| &view.targets)
}

/// The moment that figures stand at: the end of the day asked for, once that is over.
fn moment(now: DateTime<Utc>, as_of: Option<NaiveDate>) -> DateTime<Utc> {
    let end = as_of.and_then(|day| day.succ_opt()).map(start_in_vietnam);
    end.map_or(now, |end| end.min(now))
}
