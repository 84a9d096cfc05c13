//! Changes of works.

use serde_json::json;

use super::{
    Work, WorkStatus, store,
    wire::{NewWork, WorkPatch},
};
use crate::{
    audit::{self, Subject},
    campaigns::campaigns,
    db::Tx,
    kit::{
        http::{Caller, IfMatch},
        problems::{FaultCode, Problem, problem::bad_field},
        values::{CampaignId, WorkId},
    },
    organisation::units,
};

/// Adds a work of a unit that the caller manages or publishes for.
pub async fn create(tx: &Tx, caller: &Caller, campaign: CampaignId, new: NewWork) -> Result<Work, Problem> {
    let person = caller.person().ok_or_else(Problem::forbidden)?;
    let campaign = campaigns::find_visible(tx, caller, campaign, tx.today()).await?;
    let unit = new.unit_id.or_else(|| person.home_unit()).ok_or_else(|| bad_field("/unit_id", FaultCode::Missing))?;
    if !units::stays_on(tx, unit, tx.today()).await? {
        return Err(bad_field("/unit_id", FaultCode::NoSuchThing));
    }
    campaigns::require_duty(tx, person, unit).await?;
    let work = Work {
        id: new.id.unwrap_or_default(),
        campaign_id: campaign.id,
        unit_id: unit,
        kind: new.kind,
        title: new.title,
        summary: new.summary,
        place: new.place,
        unit_of_measure: new.unit_of_measure,
        goal: new.goal,
        achieved: new.achieved,
        status: new.status.unwrap_or(WorkStatus::Planned),
        created_at: tx.now(),
        version: 1,
    };
    store::insert(tx, work.clone()).await?;
    record(tx, "create_work", None, &work).await?;
    Ok(work)
}

/// Changes a work.
pub async fn update(tx: &Tx, caller: &Caller, id: WorkId, seen: &IfMatch, patch: WorkPatch) -> Result<Work, Problem> {
    let person = caller.person().ok_or_else(Problem::forbidden)?;
    let mut work = store::find_for_change(tx, id).await?.ok_or_else(Problem::not_found)?;
    campaigns::find_visible(tx, caller, work.campaign_id, tx.today()).await?;
    campaigns::require_duty(tx, person, work.unit_id).await?;
    seen.check(work.version)?;
    let before = work.clone();
    patch.apply(&mut work);
    store::save(tx, &mut work).await?;
    record(tx, "update_work", Some(&before), &work).await?;
    Ok(work)
}

async fn record(tx: &Tx, action: &'static str, before: Option<&Work>, after: &Work) -> Result<(), Problem> {
    let shown = |work: &Work| {
        json!({"kind": work.kind, "title": work.title, "summary": work.summary, "place": work.place,
            "unit_of_measure": work.unit_of_measure, "goal": work.goal, "achieved": work.achieved,
            "status": work.status, "version": work.version})
    };
    let subject = Subject { kind: "work", id: after.id.0 };
    match before {
        Some(before) => audit::changed(tx, action, subject, shown(before), shown(after)).await,
        None => audit::record(tx, action, subject, None, Some(shown(after))).await,
    }
}
