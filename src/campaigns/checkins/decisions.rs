//! What managers do: verify, return. Whoever only sees a check-in cannot decide on it.

use super::{Checkin, actions::settle, places::show_place, store};
use crate::{
    campaigns::ledger::Cause,
    db::Tx,
    kit::{caller::Person, etag::IfMatch, ids::CheckinId, problem::Problem},
    organisation::units,
    outbox::{self, Event},
    personal_data,
};

/// Verifies a check-in of a unit that the caller manages. Verifying again changes nothing.
pub async fn verify(tx: &Tx, caller: &Person, id: CheckinId, seen: &IfMatch) -> Result<Checkin, Problem> {
    let mut checkin = load(tx, caller, id, seen).await?;
    let before = checkin.counted();
    if checkin.verify(caller.member_id, tx.now())? {
        store::save(tx, &mut checkin).await?;
        outbox::record(tx, Event::CheckinVerified { checkin_id: id }).await?;
        settle(tx, &before, &checkin, Cause::Verified, "verify_checkin").await?;
    }
    show_place(tx, caller, &checkin).await?;
    Ok(checkin)
}

/// Returns a check-in of a unit that the caller manages. Returning again changes nothing.
pub async fn send_back(
    tx: &Tx,
    caller: &Person,
    id: CheckinId,
    seen: &IfMatch,
    reason: String,
) -> Result<Checkin, Problem> {
    let mut checkin = load(tx, caller, id, seen).await?;
    let before = checkin.counted();
    if checkin.send_back(reason, caller.member_id, tx.now())? {
        store::save(tx, &mut checkin).await?;
        outbox::record(tx, Event::CheckinReturned { checkin_id: id }).await?;
        settle(tx, &before, &checkin, Cause::Returned, "return_checkin").await?;
    }
    show_place(tx, caller, &checkin).await?;
    Ok(checkin)
}

async fn load(tx: &Tx, caller: &Person, id: CheckinId, seen: &IfMatch) -> Result<Checkin, Problem> {
    let author = store::find_visible(tx, caller, id, tx.today()).await?.member_id;
    // Their row before the check-in's, as an erasure takes them. Figures of the erased are decided on all the same.
    let _is_there = personal_data::try_hold_shared(tx, author).await?;
    let checkin = store::find_visible_for_change(tx, caller, id).await?;
    let is_manager =
        caller.is_admin() || units::is_below_any(tx, checkin.unit_id, &caller.managed_units(), tx.today()).await?;
    if !is_manager {
        return Err(Problem::forbidden());
    }
    seen.check(checkin.version)?;
    Ok(checkin)
}
