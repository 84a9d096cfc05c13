//! Changes of activities. Whoever is an editor of the unit or of one above it makes them, and admins.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{Activity, ActivityStatus, store, wire::Edit};
use crate::{
    audit::{self, Subject},
    campaigns::campaigns,
    db::{Effect, Tx},
    kit::{
        http::{IfMatch, Person},
        problems::{FaultCode, Faults, Problem},
        values::{ActivityId, CampaignId, MemberId, UnitId},
    },
    organisation::units,
    outbox::{self, Event},
};

/// Adds a draft.
pub async fn create(tx: &Tx, caller: &Person, activity: Activity) -> Result<Activity, Problem> {
    may_publish_for(tx, caller, activity.unit_id).await?;
    let mut faults = Faults::new();
    let is_unit = units::stays_on(tx, activity.unit_id, tx.today()).await?;
    faults.add_if(!is_unit, "/unit_id", FaultCode::NoSuchThing);
    check_campaign(tx, activity.campaign_id, &mut faults).await?;
    faults.or(())?;
    store::insert_all(tx, std::slice::from_ref(&activity)).await?;
    record(tx, "create_activity", None, &activity).await?;
    Ok(activity)
}

/// Changes its content. What is published changes for everybody at once.
pub async fn update(tx: &Tx, caller: &Person, id: ActivityId, seen: &IfMatch, edit: Edit) -> Result<Activity, Problem> {
    let mut activity = load(tx, caller, id, seen).await?;
    activity.check_editable()?;
    let mut faults = Faults::new();
    check_campaign(tx, edit.patch.campaign_id.flatten(), &mut faults).await?;
    let is_rescheduled = matches!(edit.patch.publish_at, Some(Some(_)));
    faults.add_if(is_rescheduled && activity.publish_at.is_none(), "/publish_at", FaultCode::NotAllowed);
    faults.or(())?;
    let before = activity.clone();
    edit.apply(&mut activity, tx.now());
    store::save(tx, &mut activity, Some(caller.member_id)).await?;
    record(tx, "update_activity", Some(&before), &activity).await?;
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
    record(tx, "delete_activity", None, &activity).await
}

/// Hands a draft in for publication.
pub async fn submit(tx: &Tx, caller: &Person, id: ActivityId) -> Result<Activity, Problem> {
    let mut activity = load(tx, caller, id, &IfMatch::none()).await?;
    activity.submit()?;
    save(tx, Some(caller.member_id), "submit_activity", &mut activity).await?;
    Ok(activity)
}

/// Lets everybody read it, and tells of it: now, or once the moment `at` has come.
pub async fn publish(tx: &Tx, caller: &Person, id: ActivityId, at: Option<DateTime<Utc>>) -> Result<Activity, Problem> {
    let mut activity = load(tx, caller, id, &IfMatch::none()).await?;
    activity.publish(tx.now(), at)?;
    if activity.publish_at.is_some() {
        save(tx, Some(caller.member_id), "schedule_activity", &mut activity).await?;
    } else {
        let_out(tx, Some(caller.member_id), &mut activity).await?;
    }
    Ok(activity)
}

/// Publishes the scheduled ones whose moment has come, as of that moment; a batch of them. Gives how many.
pub async fn publish_due(tx: &Tx) -> Result<usize, Problem> {
    let due = store::due_for_change(tx).await?;
    let count = due.len();
    for mut activity in due {
        activity.publish(activity.publish_at.unwrap_or_else(|| tx.now()), None)?;
        let_out(tx, None, &mut activity).await?;
    }
    Ok(count)
}

async fn let_out(tx: &Tx, editor: Option<MemberId>, activity: &mut Activity) -> Result<(), Problem> {
    save(tx, editor, "publish_activity", activity).await?;
    outbox::record(tx, Event::ActivityPublished { activity_id: activity.id }).await?;
    tx.after_commit(Effect::ForgetPages);
    Ok(())
}

/// Takes it out of sight.
pub async fn archive(tx: &Tx, caller: &Person, id: ActivityId) -> Result<Activity, Problem> {
    let mut activity = load(tx, caller, id, &IfMatch::none()).await?;
    activity.archive()?;
    save(tx, Some(caller.member_id), "archive_activity", &mut activity).await?;
    tx.after_commit(Effect::ForgetPages);
    Ok(activity)
}

async fn load(tx: &Tx, caller: &Person, id: ActivityId, seen: &IfMatch) -> Result<Activity, Problem> {
    let activity = store::find_visible_for_change(tx, caller, id).await?.ok_or_else(Problem::not_found)?;
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

async fn save(tx: &Tx, editor: Option<MemberId>, action: &'static str, activity: &mut Activity) -> Result<(), Problem> {
    store::save(tx, activity, editor).await?;
    record(tx, action, None, activity).await
}

/// Of a change of content what was changed; else where it stands.
async fn record(tx: &Tx, action: &'static str, before: Option<&Activity>, after: &Activity) -> Result<(), Problem> {
    let shown = |activity: &Activity| {
        json!({"kind": activity.kind, "title": activity.title, "summary": activity.summary,
            "body_markdown": activity.body_markdown, "campaign_id": activity.campaign_id, "tags": activity.tags,
            "is_pinned": activity.is_pinned, "publish_at": activity.publish_at, "version": activity.version})
    };
    let subject = Subject { kind: "activity", id: after.id.0 };
    if let Some(before) = before {
        return audit::changed(tx, action, subject, shown(before), shown(after)).await;
    }
    let after = json!({"unit_id": after.unit_id, "status": after.status, "version": after.version});
    audit::record(tx, action, subject, None, Some(after)).await
}
