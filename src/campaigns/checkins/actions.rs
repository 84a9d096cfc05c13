//! What authors do: check in, change, withdraw.

use serde_json::{Value, json};

use super::{
    Checkin, CheckinStatus,
    holding::write_totals,
    store,
    wire::{CheckinPatch, LocationView, NewCheckin},
};
use crate::{
    audit::{self, Subject},
    campaigns::{
        campaigns,
        ledger::{self, Cause, Counted, Totals},
        pledges::{self, Pledge, Pledger},
    },
    db::Tx,
    identity::consents,
    kit::{
        http::{IfMatch, Person},
        problems::{Code, FaultCode, Problem, problem::bad_field},
        values::{CheckinId, PledgeId, UnitId, clock::day_in_vietnam},
    },
    organisation::{members, units},
    outbox::{self, Event},
    personal_data::{self, Consent},
};

/// A check-in that came in.
pub enum Received {
    /// It is new.
    New(Checkin),
    /// It was there already, with the same content.
    Known(Checkin),
}

impl Received {
    /// The check-in.
    pub fn checkin_mut(&mut self) -> &mut Checkin {
        match self {
            Self::New(checkin) | Self::Known(checkin) => checkin,
        }
    }
}

/// Takes a check-in. The same id with the same content is the same check-in, however often and however many at once.
pub async fn check_in(
    tx: &Tx,
    caller: &Person,
    pledge_id: PledgeId,
    new: NewCheckin,
    grace_days: u32,
) -> Result<Received, Problem> {
    let mut totals = Totals::default();
    let mut received = take(tx, &mut totals, caller, pledge_id, new, grace_days).await?;
    write_totals(tx, totals, [received.checkin_mut()]).await?;
    Ok(received)
}

/// The same for one of many: what it adds to totals is gathered in `totals`, for the caller to write last.
pub async fn take(
    tx: &Tx,
    totals: &mut Totals,
    caller: &Person,
    pledge_id: PledgeId,
    new: NewCheckin,
    grace_days: u32,
) -> Result<Received, Problem> {
    personal_data::hold_shared(tx, caller.member_id).await?;
    let pledge = pledges::find_visible(tx, caller, pledge_id, tx.today()).await?;
    let content_hash = new.content_hash(pledge_id);
    if let Some(id) = new.id
        && let Some(known) = store::find(tx, id).await?
    {
        return same_or_conflict(known, caller, &content_hash);
    }
    new.check(tx.now())?;
    let checkin = receive(tx, caller, &pledge, new, content_hash, grace_days).await?;
    if !store::insert(tx, &checkin).await? {
        let known = store::find(tx, checkin.id).await?.ok_or_else(|| Problem::new(Code::CheckinConflict))?;
        return same_or_conflict(known, caller, &checkin.content_hash);
    }
    post(tx, totals, None, &checkin, Cause::Submitted).await?;
    let after = json!({
        "pledge_id": checkin.pledge_id, "commitment_id": checkin.commitment_id, "unit_id": checkin.unit_id,
        "quantity": checkin.quantity, "status": checkin.status, "version": checkin.version,
    });
    record(tx, "create_checkin", &checkin, None, after).await?;
    outbox::record(tx, Event::CheckinSubmitted { checkin_id: checkin.id }).await?;
    Ok(Received::New(checkin))
}

fn same_or_conflict(known: Checkin, caller: &Person, content_hash: &str) -> Result<Received, Problem> {
    if known.member_id == caller.member_id && known.content_hash == content_hash {
        return Ok(Received::Known(known));
    }
    Err(Problem::new(Code::CheckinConflict))
}

async fn receive(
    tx: &Tx,
    caller: &Person,
    pledge: &Pledge,
    new: NewCheckin,
    content_hash: String,
    grace_days: u32,
) -> Result<Checkin, Problem> {
    require_pledger(tx, caller, pledge).await?;
    pledge.require_signed()?;
    let campaign = campaigns::find_running(tx, pledge.campaign_id).await?;
    let commitment =
        pledge.commitment(new.commitment_id).ok_or_else(|| bad_field("/commitment_id", FaultCode::NoSuchThing))?;
    let occurred_at = new.occurred_at.unwrap_or_else(|| tx.now());
    let location = permitted(tx, caller, new.location).await?;
    let day = day_in_vietnam(occurred_at);
    let mut checkin = Checkin {
        id: new.id.unwrap_or_default(),
        pledge_id: pledge.id,
        commitment_id: commitment.id,
        campaign_id: pledge.campaign_id,
        target_id: commitment.target_id,
        phase_id: None,
        unit_id: unit_of(tx, pledge, day).await?,
        member_id: caller.member_id,
        quantity: new.quantity,
        note: new.note,
        occurred_at,
        received_at: tx.now(),
        day,
        location: location.map(Into::into),
        status: CheckinStatus::Held,
        flags: Vec::new(),
        return_reason: None,
        decided_by: None,
        decided_at: None,
        content_hash,
        version: 1,
    };
    checkin.classify(commitment, &campaign, tx.today(), grace_days);
    Ok(checkin)
}

/// Where it happened, if its author agrees to having that kept. Without the consent the check-in counts all the same.
async fn permitted(tx: &Tx, caller: &Person, place: Option<LocationView>) -> Result<Option<LocationView>, Problem> {
    match place {
        Some(place) if consents::holds_until_commit(tx, caller.member_id, Consent::Location).await? => Ok(Some(place)),
        _ => Ok(None),
    }
}

/// A member's own pledge takes that member; a unit's takes whoever belongs to the unit, and who manages it.
async fn require_pledger(tx: &Tx, caller: &Person, pledge: &Pledge) -> Result<(), Problem> {
    let is_permitted = match pledge.pledger {
        Pledger::Member(member) => member == caller.member_id,
        Pledger::Unit(unit) => {
            let unit = units::carrier_on(tx, unit, tx.today()).await?;
            caller.unit_ids.contains(&unit)
                || units::is_below_any(tx, unit, &caller.managed_units(), tx.today()).await?
        }
    };
    if is_permitted { Ok(()) } else { Err(Problem::forbidden()) }
}

/// What somebody did counts for the unit they were at home in on that day; what a unit did, for the one that had its place
/// on that day.
async fn unit_of(tx: &Tx, pledge: &Pledge, day: chrono::NaiveDate) -> Result<UnitId, Problem> {
    match pledge.pledger {
        Pledger::Unit(unit) => Ok(units::carrier_on(tx, unit, day).await?),
        Pledger::Member(member) => Ok(members::home_unit_on(tx, member, day).await?.unwrap_or(pledge.unit_id)),
    }
}

/// Changes one's own check-in before a manager has verified it. It is looked at anew, and waits for a manager again. A
/// returned one may be mended after the campaign was closed too, as it may be returned then: else what was done is lost.
pub async fn update(
    tx: &Tx,
    caller: &Person,
    id: CheckinId,
    seen: &IfMatch,
    patch: CheckinPatch,
    grace_days: u32,
) -> Result<Checkin, Problem> {
    patch.check(tx.now())?;
    let (mut checkin, before) = load_own(tx, caller, id, seen).await?;
    checkin.require_open()?;
    let pledge = pledges::find_visible(tx, caller, checkin.pledge_id, tx.today()).await?;
    let campaign = campaigns::find_held(tx, pledge.campaign_id).await?;
    if checkin.status != CheckinStatus::Returned {
        campaign.require_running()?;
    }
    let commitment = pledge.commitment(checkin.commitment_id).ok_or_else(Problem::not_found)?;
    if let Some(quantity) = patch.quantity {
        checkin.quantity = quantity;
    }
    if let Some(note) = patch.note {
        checkin.note = note;
    }
    let mut received_on = day_in_vietnam(checkin.received_at);
    if let Some(occurred_at) = patch.occurred_at {
        // Whoever says only now when it happened, says so late.
        received_on = tx.today();
        checkin.occurred_at = occurred_at;
        checkin.day = day_in_vietnam(occurred_at);
        checkin.unit_id = unit_of(tx, &pledge, checkin.day).await?;
    }
    checkin.reopen();
    checkin.classify(commitment, &campaign, received_on, grace_days);
    store::save(tx, &mut checkin).await?;
    settle(tx, &before, &mut checkin, Cause::Edited, "update_checkin").await?;
    Ok(checkin)
}

/// Withdraws one's own check-in. Withdrawing again changes nothing.
pub async fn withdraw(tx: &Tx, caller: &Person, id: CheckinId, seen: &IfMatch) -> Result<(), Problem> {
    let (mut checkin, before) = load_own(tx, caller, id, seen).await?;
    if checkin.status == CheckinStatus::Withdrawn {
        return Ok(());
    }
    checkin.require_open()?;
    campaigns::find_running(tx, checkin.campaign_id).await?;
    checkin.status = CheckinStatus::Withdrawn;
    store::save(tx, &mut checkin).await?;
    settle(tx, &before, &mut checkin, Cause::Withdrawn, "withdraw_checkin").await
}

async fn load_own(tx: &Tx, caller: &Person, id: CheckinId, seen: &IfMatch) -> Result<(Checkin, Counted), Problem> {
    personal_data::hold_shared(tx, caller.member_id).await?;
    let checkin = store::find_visible_for_change(tx, caller, id).await?;
    if checkin.member_id != caller.member_id {
        return Err(Problem::forbidden());
    }
    seen.check(checkin.version)?;
    let before = checkin.counted();
    Ok((checkin, before))
}

/// Writes the difference that a change makes to the ledger and its totals, and who made it. What a total has no room for is
/// held; a decision that a manager has made about it is refused.
pub async fn settle(
    tx: &Tx,
    before: &Counted,
    checkin: &mut Checkin,
    cause: Cause,
    action: &'static str,
) -> Result<(), Problem> {
    let mut totals = Totals::default();
    post(tx, &mut totals, Some(before), checkin, cause).await?;
    if before.verified != checkin.counted().verified {
        pledges::keep_standing(tx, checkin.pledge_id).await?;
    }
    write_totals(tx, totals, [&mut *checkin]).await?;
    let after = json!({"status": checkin.status, "quantity": checkin.quantity, "version": checkin.version});
    let before = json!({"reported": before.reported, "verified": before.verified});
    record(tx, action, checkin, Some(before), after).await
}

/// Writes down who did it.
pub async fn record(
    tx: &Tx,
    action: &'static str,
    checkin: &Checkin,
    before: Option<Value>,
    after: Value,
) -> Result<(), Problem> {
    audit::record(tx, action, Subject { kind: "checkin", id: checkin.id.0 }, before, Some(after)).await
}

/// Writes the difference that a change makes to the ledger, and gathers what it changes of totals.
pub async fn post(
    tx: &Tx,
    totals: &mut Totals,
    before: Option<&Counted>,
    checkin: &Checkin,
    cause: Cause,
) -> Result<(), Problem> {
    let entries = ledger::entries_between(before, &checkin.counted());
    Ok(ledger::post(tx, totals, &entries, cause).await?)
}
