//! What managers do: verify, return. Whoever only sees a check-in cannot decide on it, and nobody decides on their own,
//! whatever they manage. Each decision is kept as it was made: its author is told of that, even when they have changed the
//! check-in before the news goes out.

mod store;

use super::{Checkin, CheckinNews, CheckinStatus, actions::settle, places, store as checkins};
use crate::{
    campaigns::ledger::Cause,
    db::Tx,
    kit::{
        http::{IfMatch, Person},
        problems::{Code, Problem},
        values::{CheckinDecisionId, CheckinId},
    },
    organisation::units,
    outbox::{self, Event},
    personal_data,
};

/// What a manager has seen before they decided.
#[derive(Clone, Debug)]
pub struct Seen {
    /// `If-Match`.
    pub tags: IfMatch,
    /// The version in the body.
    pub version: Option<i64>,
}

impl Seen {
    /// Fails when the check-in is at another version: what the manager has seen is not what they would decide on. Their own
    /// decision, sent again after a lost answer, is not refused for the version that it made (RFC 9110, 13.1.1).
    fn check(&self, checkin: &Checkin, caller: &Person, wanted: CheckinStatus) -> Result<(), Problem> {
        let is_own_decision = checkin.decided_by == Some(caller.member_id) && checkin.status == wanted;
        let before_it = checkin.version.saturating_sub(1);
        if self.permits(checkin.version) || (is_own_decision && self.permits(before_it)) {
            return Ok(());
        }
        Err(Problem::new(Code::PreconditionFailed))
    }

    fn permits(&self, version: i64) -> bool {
        self.tags.check(version).is_ok() && self.version.is_none_or(|seen| seen == version)
    }
}

/// Verifies a check-in of a unit that the caller manages. Verifying again changes nothing.
pub async fn verify(tx: &Tx, caller: &Person, id: CheckinId, seen: &Seen) -> Result<Checkin, Problem> {
    let mut checkin = load(tx, caller, id, seen, CheckinStatus::Verified).await?;
    let before = checkin.counted();
    if checkin.verify(caller.member_id, tx.now())? {
        checkins::save(tx, &mut checkin).await?;
        let decision_id = Some(keep(tx, &checkin).await?);
        outbox::record(tx, Event::CheckinVerified { checkin_id: id, decision_id }).await?;
        settle(tx, &before, &mut checkin, Cause::Verified, "verify_checkin").await?;
    }
    places::write_down(tx, caller, &checkin).await?;
    Ok(checkin)
}

/// Returns a check-in of a unit that the caller manages. Returning again changes nothing.
pub async fn send_back(
    tx: &Tx,
    caller: &Person,
    id: CheckinId,
    seen: &Seen,
    reason: String,
) -> Result<Checkin, Problem> {
    let mut checkin = load(tx, caller, id, seen, CheckinStatus::Returned).await?;
    let before = checkin.counted();
    if checkin.send_back(reason, caller.member_id, tx.now())? {
        checkins::save(tx, &mut checkin).await?;
        let decision_id = Some(keep(tx, &checkin).await?);
        outbox::record(tx, Event::CheckinReturned { checkin_id: id, decision_id }).await?;
        settle(tx, &before, &mut checkin, Cause::Returned, "return_checkin").await?;
    }
    places::write_down(tx, caller, &checkin).await?;
    Ok(checkin)
}

/// What the author of a check-in is told of a decision: what it was about when it was made. Nothing where they are erased; an
/// erasure waits until this is done, so that it finds what is written of it. A decision from before decisions were kept is
/// told as the check-in is now.
pub async fn news_of(
    tx: &Tx,
    id: CheckinId,
    decision: Option<CheckinDecisionId>,
) -> Result<Option<CheckinNews>, Problem> {
    let Some(checkin) = checkins::find(tx, id).await? else { return Ok(None) };
    if !personal_data::try_hold_shared(tx, checkin.member_id).await? {
        return Ok(None);
    }
    let Some(news) = checkins::news_of(tx, id).await? else { return Ok(None) };
    let made = match decision {
        Some(decision) => store::find(tx, decision).await?,
        None => None,
    };
    Ok(Some(match made {
        Some((quantity, return_reason)) => CheckinNews { quantity, return_reason, ..news },
        None => news,
    }))
}

async fn keep(tx: &Tx, checkin: &Checkin) -> Result<CheckinDecisionId, Problem> {
    let id = CheckinDecisionId::new();
    store::insert(tx, id, checkin).await?;
    Ok(id)
}

async fn load(tx: &Tx, caller: &Person, id: CheckinId, seen: &Seen, wanted: CheckinStatus) -> Result<Checkin, Problem> {
    let author = checkins::find_visible(tx, caller, id, tx.today()).await?.member_id;
    // Their row before the check-in's, as an erasure takes them. Figures of the erased are decided on all the same.
    let _is_there = personal_data::try_hold_shared(tx, author).await?;
    let checkin = checkins::find_visible_for_change(tx, caller, id).await?;
    let is_manager =
        caller.is_admin() || units::is_below_any(tx, checkin.unit_id, &caller.managed_units(), tx.today()).await?;
    if !is_manager {
        return Err(Problem::forbidden());
    }
    if checkin.member_id == caller.member_id {
        return Err(Problem::new(Code::OwnCheckin));
    }
    seen.check(&checkin, caller, wanted)?;
    Ok(checkin)
}
