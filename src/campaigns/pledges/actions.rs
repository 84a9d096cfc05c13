//! Changes of pledges.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{
    Pledge, Pledger,
    pledge::{LIVING_PLEDGES, PledgeStatus, PledgerKind},
    store, usual,
    wire::{NewPledge, PledgePatch, parse_commitments},
};
use crate::{
    audit::{self, Subject},
    campaigns::campaigns,
    db::Tx,
    kit::{
        http::{Caller, IfMatch, Person},
        problems::{Code, FaultCode, Problem, problem::bad_field},
        secrets::secret::random_bytes,
        values::{CampaignId, MemberId, PledgeId, UnitId},
    },
    organisation::units,
    outbox::{self, Event},
    personal_data,
};

/// What a pledger writes.
const WORDS: [&str; 2] = ["statement", "commitments"];
/// Without letters that look alike.
const CODE_LETTERS: &[u8; 32] = b"23456789abcdefghjkmnpqrstuvwxyz0";

/// Writes a pledge down as a draft.
pub async fn create(tx: &Tx, caller: &Caller, campaign: CampaignId, new: NewPledge) -> Result<Pledge, Problem> {
    let person = caller.person().ok_or_else(Problem::forbidden)?;
    personal_data::hold_shared(tx, person.member_id).await?;
    let campaign = campaigns::find_visible(tx, caller, campaign, tx.today()).await?;
    let (pledger, unit_id) = pledger_of(tx, person, &new).await?;
    if !campaigns::is_open_to(tx, campaign.id, &[unit_id], tx.today()).await? {
        return Err(Problem::forbidden());
    }
    let campaign = campaigns::find_running(tx, campaign.id).await?;
    let pledge = Pledge {
        id: new.id.unwrap_or_default(),
        campaign_id: campaign.id,
        pledger,
        unit_id,
        statement: new.statement,
        commitments: parse_commitments(new.commitments, &campaign)?,
        status: PledgeStatus::Draft,
        is_campaign_closed: false,
        text_version: 1,
        signed_at: None,
        signed_by: None,
        verification_code: None,
        created_by: person.member_id,
        version: 1,
    };
    if store::count_living(tx, campaign.id, pledger).await? >= LIVING_PLEDGES {
        return Err(Problem::new(Code::TooManyPledges).with("limit", LIVING_PLEDGES));
    }
    store::insert(tx, &pledge).await?;
    record(tx, "create_pledge", &pledge).await?;
    Ok(pledge)
}

/// Who pledges and whom it counts for: oneself for one's home unit, or a unit that one manages.
async fn pledger_of(tx: &Tx, caller: &Person, new: &NewPledge) -> Result<(Pledger, UnitId), Problem> {
    match new.pledger {
        Some(pledger) if pledger.kind == PledgerKind::Unit => {
            let unit = UnitId(pledger.id);
            let due = new.commitments.iter().map(|one| one.due_on);
            let obstacle = units::obstacle(tx, unit, tx.today(), end_of(due, tx.today())).await?;
            if obstacle == Some(FaultCode::NoSuchThing) {
                return Err(bad_field("/pledger/id", FaultCode::NoSuchThing));
            }
            if !caller.is_admin() && !units::is_below_any(tx, unit, &caller.managed_units(), tx.today()).await? {
                return Err(Problem::forbidden());
            }
            match obstacle {
                Some(obstacle) => Err(bad_field("/pledger/id", obstacle)),
                None => Ok((Pledger::Unit(unit), unit)),
            }
        }
        Some(pledger) if MemberId(pledger.id) != caller.member_id => Err(Problem::forbidden()),
        _ => {
            let home = caller.home_unit().ok_or_else(Problem::forbidden)?;
            Ok((Pledger::Member(caller.member_id), home))
        }
    }
}

/// The first day after all of these and after today.
fn end_of(due: impl Iterator<Item = NaiveDate>, today: NaiveDate) -> NaiveDate {
    let last = due.fold(today, Ord::max);
    last.succ_opt().unwrap_or(last)
}

/// Changes a draft.
pub async fn update(
    tx: &Tx,
    caller: &Person,
    id: PledgeId,
    seen: &IfMatch,
    patch: PledgePatch,
) -> Result<Pledge, Problem> {
    let mut pledge = load(tx, caller, id, seen).await?;
    pledge.require_draft()?;
    let before = shown(&pledge);
    if let Some(statement) = patch.statement {
        pledge.statement = statement;
    }
    if let Some(commitments) = patch.commitments {
        let campaign = campaigns::find(tx, pledge.campaign_id).await?.ok_or_else(Problem::not_found)?;
        pledge.commitments = parse_commitments(commitments, &campaign)?;
    }
    store::replace_text(tx, &mut pledge).await?;
    let (mut before, mut after) = audit::difference(before, shown(&pledge));
    if matches!(pledge.pledger, Pledger::Member(_)) {
        // A member's own words can be erased; the audit log cannot.
        (before, after) = (audit::masked(before, &WORDS), audit::masked(after, &WORDS));
    }
    audit::record(tx, "update_pledge", Subject { kind: "pledge", id: id.0 }, Some(before), Some(after)).await?;
    Ok(pledge)
}

/// Removes a draft.
pub async fn delete(tx: &Tx, caller: &Person, id: PledgeId, seen: &IfMatch) -> Result<(), Problem> {
    let pledge = load(tx, caller, id, seen).await?;
    pledge.require_draft()?;
    store::delete(tx, id).await?;
    record(tx, "delete_pledge", &pledge).await
}

/// Signs a draft, while its campaign runs. A unit signs nothing that is due when it is no more.
pub async fn sign(tx: &Tx, caller: &Person, id: PledgeId) -> Result<Pledge, Problem> {
    let mut pledge = load(tx, caller, id, &IfMatch::none()).await?;
    pledge.require_draft()?;
    let campaign = campaigns::find_running(tx, pledge.campaign_id).await?;
    if let Pledger::Unit(unit) = pledge.pledger {
        let due = pledge.commitments.iter().map(|one| one.due_on);
        if units::obstacle(tx, unit, tx.today(), end_of(due, tx.today())).await?.is_some() {
            return Err(Problem::new(Code::UnitEnded));
        }
    }
    pledge.sign(caller.member_id, verification_code(), tx.now())?;
    store::save(tx, &mut pledge).await?;
    record(tx, "sign_pledge", &pledge).await?;
    outbox::record(tx, Event::PledgeSigned { pledge_id: id }).await?;
    usual::look_for(tx, &campaign, &pledge).await?;
    Ok(pledge)
}

async fn load(tx: &Tx, caller: &Person, id: PledgeId, seen: &IfMatch) -> Result<Pledge, Problem> {
    personal_data::hold_shared(tx, caller.member_id).await?;
    let pledge = store::find_visible_for_change(tx, caller, id).await?;
    let may_write = match pledge.pledger {
        Pledger::Member(member) => member == caller.member_id,
        Pledger::Unit(unit) => {
            caller.is_admin() || units::is_below_any(tx, unit, &caller.managed_units(), tx.today()).await?
        }
    };
    if !may_write {
        return Err(Problem::forbidden());
    }
    seen.check(pledge.version)?;
    Ok(pledge)
}

/// 80 random bits: nobody guesses one.
fn verification_code() -> String {
    let bytes: [u8; 16] = random_bytes();
    bytes.iter().filter_map(|byte| CODE_LETTERS.get(usize::from(byte % 32))).map(|letter| char::from(*letter)).collect()
}

fn shown(pledge: &Pledge) -> Value {
    json!({"statement": pledge.statement, "commitments": pledge.commitments, "version": pledge.version})
}

async fn record(tx: &Tx, action: &'static str, pledge: &Pledge) -> Result<(), Problem> {
    let after = json!({"status": pledge.status, "unit_id": pledge.unit_id, "version": pledge.version});
    audit::record(tx, action, Subject { kind: "pledge", id: pledge.id.0 }, None, Some(after)).await
}
