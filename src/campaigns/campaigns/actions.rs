//! Changes of campaigns.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{
    Campaign, Status,
    parts::{self, NewPhase, NewTarget},
    store,
    wire::{CampaignPatch, CampaignView, NewCampaign},
};
use crate::{
    audit::{self, Subject},
    db::{Effect, Tx},
    kit::{
        http::{IfMatch, Person},
        problems::{Code, Fault, FaultCode, Faults, Problem, problem::bad_field},
        values::{CampaignId, PhaseId, TargetId, UnitId},
    },
    organisation::{clusters, units},
    outbox::{self, Event},
};

/// Writes a campaign down as a draft.
pub async fn create(tx: &Tx, caller: &Person, new: NewCampaign) -> Result<Campaign, Problem> {
    let duties = [caller.edited_units(), caller.managed_units()].concat();
    let unit = new.launched_by_unit_id.or_else(|| duties.first().copied()).or_else(|| caller.home_unit());
    let unit = unit.ok_or_else(|| bad_field("/launched_by_unit_id", FaultCode::Missing))?;
    require_duty(tx, caller, unit).await?;
    let id = new.id.unwrap_or_default();
    let mut faults = Faults::new();
    check_parts(tx, &mut faults, id, &new.phases, &new.targets).await?;
    let campaign = new.parse(id, unit, &mut faults);
    if let Some(code) = units::obstacle(tx, unit, tx.today(), end_of(&campaign, tx.today())).await? {
        faults.add(Fault::at("/launched_by_unit_id", code));
    }
    check_audience(tx, &mut faults, &campaign).await?;
    faults.or(())?;
    store::insert(tx, &campaign, caller.member_id).await?;
    record(tx, "create_campaign", &campaign).await?;
    Ok(campaign)
}

/// Changes a campaign; a launched one keeps what it said as a version.
pub async fn update(
    tx: &Tx,
    caller: &Person,
    id: CampaignId,
    seen: &IfMatch,
    patch: CampaignPatch,
) -> Result<Campaign, Problem> {
    let mut campaign = load(tx, caller, id, seen).await?;
    if campaign.status == Status::Closed {
        return Err(Problem::new(Code::CampaignNotLaunched));
    }
    let mut faults = Faults::new();
    let (phases, targets) = (patch.phases.as_deref().unwrap_or_default(), patch.targets.as_deref().unwrap_or_default());
    check_parts(tx, &mut faults, id, phases, targets).await?;
    let before = campaign.clone();
    patch.apply(&mut campaign, &mut faults);
    check_audience(tx, &mut faults, &campaign).await?;
    faults.or(())?;
    if campaign.ends_on > before.ends_on {
        require_lasting(tx, &campaign).await?;
    }
    store::save(tx, &mut campaign).await?;
    if campaign.status == Status::Launched {
        keep_version(tx, caller, &campaign).await?;
    }
    tx.after_commit(Effect::ForgetPages);
    let subject = Subject { kind: "campaign", id: id.0 };
    audit::changed(tx, "update_campaign", subject, shown(&before)?, shown(&campaign)?).await?;
    Ok(campaign)
}

/// Removes a draft.
pub async fn delete(tx: &Tx, caller: &Person, id: CampaignId, seen: &IfMatch) -> Result<(), Problem> {
    let campaign = load(tx, caller, id, seen).await?;
    if campaign.status != Status::Draft {
        return Err(Problem::new(Code::LaunchedCampaign));
    }
    store::delete(tx, id).await?;
    record(tx, "delete_campaign", &campaign).await
}

/// Launches a draft: from now on it is seen and takes pledges.
pub async fn launch(tx: &Tx, caller: &Person, id: CampaignId) -> Result<Campaign, Problem> {
    let mut campaign = load(tx, caller, id, &IfMatch::none()).await?;
    require_lasting(tx, &campaign).await?;
    campaign.launch(tx.now())?;
    store::save(tx, &mut campaign).await?;
    keep_version(tx, caller, &campaign).await?;
    record(tx, "launch_campaign", &campaign).await?;
    outbox::record(tx, Event::CampaignLaunched { campaign_id: id }).await?;
    Ok(campaign)
}

/// Closes a running campaign: it takes nothing more.
pub async fn close(tx: &Tx, caller: &Person, id: CampaignId) -> Result<Campaign, Problem> {
    let mut campaign = load(tx, caller, id, &IfMatch::none()).await?;
    campaign.close(tx.now())?;
    store::save(tx, &mut campaign).await?;
    record(tx, "close_campaign", &campaign).await?;
    outbox::record(tx, Event::CampaignClosed { campaign_id: id }).await?;
    Ok(campaign)
}

/// The unit that launches it, or the one that carries its history on, is there until its last day. Whoever closes that unit
/// meanwhile waits, and then sees how long a campaign of it runs.
async fn require_lasting(tx: &Tx, campaign: &Campaign) -> Result<(), Problem> {
    let mut unit = campaign.launched_by_unit_id;
    while units::obstacle(tx, unit, tx.today(), end_of(campaign, tx.today())).await?.is_some() {
        let carrier = units::carrier_on(tx, unit, tx.today()).await?;
        if carrier == unit {
            return Err(Problem::new(Code::UnitEnded));
        }
        unit = carrier;
    }
    Ok(())
}

/// The first day after a campaign and after today.
fn end_of(campaign: &Campaign, today: NaiveDate) -> NaiveDate {
    let last = Ord::max(campaign.ends_on, today);
    last.succ_opt().unwrap_or(last)
}

async fn load(tx: &Tx, caller: &Person, id: CampaignId, seen: &IfMatch) -> Result<Campaign, Problem> {
    let campaign = store::find_visible_for_change(tx, caller, id).await?;
    require_duty(tx, caller, campaign.launched_by_unit_id).await?;
    seen.check(campaign.version)?;
    Ok(campaign)
}

/// An editor or a manager of the launching unit or of one above it, or an admin.
pub async fn require_duty(tx: &Tx, caller: &Person, unit: UnitId) -> Result<(), Problem> {
    let duties = [caller.edited_units(), caller.managed_units()].concat();
    if caller.is_admin() || units::is_below_any(tx, unit, &duties, tx.today()).await? {
        return Ok(());
    }
    Err(Problem::forbidden())
}

/// A phase or a target of another campaign stays there.
async fn check_parts(
    tx: &Tx,
    faults: &mut Faults,
    id: CampaignId,
    phases: &[NewPhase],
    targets: &[NewTarget],
) -> Result<(), Problem> {
    let phase_ids: Vec<PhaseId> = phases.iter().filter_map(|phase| phase.id).collect();
    let foreign = parts::foreign_phases(tx, id, &phase_ids).await?;
    for (place, phase) in phases.iter().enumerate() {
        let is_foreign = phase.id.is_some_and(|id| foreign.contains(&id));
        faults.add_if(is_foreign, format_args!("/phases/{place}/id"), FaultCode::NoSuchThing);
    }
    let target_ids: Vec<TargetId> = targets.iter().filter_map(|target| target.id).collect();
    let foreign = parts::foreign_targets(tx, id, &target_ids).await?;
    for (place, target) in targets.iter().enumerate() {
        let is_foreign = target.id.is_some_and(|id| foreign.contains(&id));
        faults.add_if(is_foreign, format_args!("/targets/{place}/id"), FaultCode::NoSuchThing);
    }
    Ok(())
}

async fn check_audience(tx: &Tx, faults: &mut Faults, campaign: &Campaign) -> Result<(), Problem> {
    for (place, unit) in campaign.audience.unit_ids.iter().enumerate() {
        let is_there = units::exists_on(tx, *unit, tx.today()).await?;
        faults.add_if(!is_there, format_args!("/audience/unit_ids/{place}"), FaultCode::NoSuchThing);
    }
    for (place, cluster) in campaign.audience.cluster_ids.iter().enumerate() {
        let is_there = clusters::exists(tx, *cluster).await?;
        faults.add_if(!is_there, format_args!("/audience/cluster_ids/{place}"), FaultCode::NoSuchThing);
    }
    Ok(())
}

async fn keep_version(tx: &Tx, caller: &Person, campaign: &Campaign) -> Result<(), Problem> {
    let content = serde_json::to_value(CampaignView::from(campaign.clone())).map_err(Problem::internal)?;
    Ok(store::insert_version(tx, campaign.id, content, caller.member_id).await?)
}

/// All that it says of itself.
fn shown(campaign: &Campaign) -> Result<Value, Problem> {
    let mut shown = serde_json::to_value(CampaignView::from(campaign.clone())).map_err(Problem::internal)?;
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("version".to_owned(), json!(campaign.version));
    }
    Ok(shown)
}

async fn record(tx: &Tx, action: &'static str, campaign: &Campaign) -> Result<(), Problem> {
    tx.after_commit(Effect::ForgetPages);
    let after = json!({"title": campaign.title, "status": campaign.status, "version": campaign.version});
    audit::record(tx, action, Subject { kind: "campaign", id: campaign.id.0 }, None, Some(after)).await
}
