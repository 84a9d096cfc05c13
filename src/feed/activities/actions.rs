//! Changes of activities. Whoever is an editor of the unit or of one above it makes them, and admins.

use serde_json::json;

use super::{Activity, ActivityStatus, store, wire::Edit};
use crate::{
    audit::{self, Subject},
    campaigns::campaigns,
    db::{Effect, Tx},
    kit::{
        caller::Person,
        codes::FaultCode,
        etag::IfMatch,
        faults::Faults,
        ids::{ActivityId, CampaignId, UnitId},
        problem::Problem,
    },
    organisation::units,
    outbox::{self, Event},
};

/// Adds a draft.
pub async fn create(tx: &Tx, caller: &Person, activity: Activity) -> Result<Activity, Problem> {
    may_publish_for(tx, caller, activity.unit_id).await?;
    let mut faults = Faults::new();
    let is_unit = units::exists_on(tx, activity.unit_id, tx.today()).await?;
    faults.add_if(!is_unit, "/unit_id", FaultCode::NoSuchThing);
    check_campaign(tx, activity.campaign_id, &mut faults).await?;
    faults.or(())?;
    store::insert_all(tx, std::slice::from_ref(&activity)).await?;
    record(tx, "create_activity", &activity).await?;
    Ok(activity)
}

/// Changes its content. What is published changes for everybody at once.
pub async fn update(tx: &Tx, caller: &Person, id: ActivityId, seen: &IfMatch, edit: Edit) -> Result<Activity, Problem> {
    let mut activity = load(tx, caller, id, seen).await?;
    activity.check_editable()?;
    let mut faults = Faults::new();
    check_campaign(tx, edit.patch.campaign_id.flatten(), &mut faults).await?;
    faults.or(())?;
    edit.apply(&mut activity);
    save(tx, caller, "update_activity", &mut activity).await?;
    if activity.status == ActivityStatus::Published {
        tx.after_commit(Effect::ForgetPages);
    }
    Ok(activity)
}

/// Deletes a draft.
pub async fn delete(tx: &Tx, caller: &Person, id: ActivityId, seen: &IfMatch) -> Result<(), Problem> {
    let activity = load(tx, caller, id, seen).await?;
    activity.check_deletable()?;
    store::delete(tx, id).await?;
    record(tx, "delete_activity", &activity).await
}

/// Hands a draft in for publication.
pub async fn submit(tx: &Tx, caller: &Person, id: ActivityId) -> Result<Activity, Problem> {
    let mut activity = load(tx, caller, id, &IfMatch::none()).await?;
    activity.submit()?;
    save(tx, caller, "submit_activity", &mut activity).await?;
    Ok(activity)
}

/// Lets everybody read it, and tells of it.
pub async fn publish(tx: &Tx, caller: &Person, id: ActivityId) -> Result<Activity, Problem> {
    let mut activity = load(tx, caller, id, &IfMatch::none()).await?;
    activity.publish(tx.now())?;
    save(tx, caller, "publish_activity", &mut activity).await?;
    outbox::record(tx, Event::ActivityPublished { activity_id: id }).await?;
    tx.after_commit(Effect::ForgetPages);
    Ok(activity)
}

/// Takes it out of sight.
pub async fn archive(tx: &Tx, caller: &Person, id: ActivityId) -> Result<Activity, Problem> {
    let mut activity = load(tx, caller, id, &IfMatch::none()).await?;
    activity.archive()?;
    save(tx, caller, "archive_activity", &mut activity).await?;
    tx.after_commit(Effect::ForgetPages);
    Ok(activity)
}

async fn load(tx: &Tx, caller: &Person, id: ActivityId, seen: &IfMatch) -> Result<Activity, Problem> {
    let activity = store::find_visible(tx, Some(caller), id, tx.today()).await?.ok_or_else(Problem::not_found)?;
    may_publish_for(tx, caller, activity.unit_id).await?;
    seen.check(activity.version)?;
    Ok(activity)
}

async fn may_publish_for(tx: &Tx, caller: &Person, unit: UnitId) -> Result<(), Problem> {
    if caller.is_admin() || units::is_below_any(tx, unit, &caller.edited_units(), tx.today()).await? {
        Ok(())
    } else {
        Err(Problem::forbidden())
    }
}

async fn check_campaign(tx: &Tx, campaign: Option<CampaignId>, faults: &mut Faults) -> Result<(), Problem> {
    if let Some(campaign) = campaign {
        let is_there = campaigns::titles(tx, &[campaign]).await?.contains_key(&campaign);
        faults.add_if(!is_there, "/campaign_id", FaultCode::NoSuchThing);
    }
    Ok(())
}

async fn save(tx: &Tx, caller: &Person, action: &'static str, activity: &mut Activity) -> Result<(), Problem> {
    store::save(tx, activity, caller.member_id).await?;
    record(tx, action, activity).await
}

/// The texts are kept by the revisions.
async fn record(tx: &Tx, action: &'static str, activity: &Activity) -> Result<(), Problem> {
    let after = json!({"unit_id": activity.unit_id, "status": activity.status, "version": activity.version});
    audit::record(tx, action, Subject { kind: "activity", id: activity.id.0 }, None, Some(after)).await
}
