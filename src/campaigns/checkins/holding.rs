//! Check-ins that a stored total has no room for: they are held, and what else is written stays.

use serde_json::json;

use super::{
    Checkin, CheckinStatus, Flag,
    actions::{post, record},
    store,
};
use crate::{
    campaigns::{
        ledger::{Cause, ROOM, TotalKey, Totals},
        pledges,
    },
    db::Tx,
    kit::{
        problems::{Code, Problem},
        values::{Quantity, Total},
    },
};

/// Writes totals, the last thing that a change does. Those of these check-ins that a total has no room for are held, and what
/// else was written stays. A verified one cannot be held: its decision is refused.
pub async fn write_totals<'a>(
    tx: &Tx,
    totals: Totals,
    checkins: impl IntoIterator<Item = &'a mut Checkin>,
) -> Result<(), Problem> {
    let mut left = totals.write(tx).await?;
    if left.is_empty() {
        return Ok(());
    }
    for checkin in checkins {
        if left.concern(checkin.id) {
            if checkin.status != CheckinStatus::Submitted {
                return Err(too_large());
            }
            hold(tx, &mut left, checkin).await?;
        }
    }
    // Nothing is left to add: what was held takes back what it had counted before, if anything.
    if left.write(tx).await?.is_empty() { Ok(()) } else { Err(too_large()) }
}

/// Holds a check-in that a total has no room for.
async fn hold(tx: &Tx, totals: &mut Totals, checkin: &mut Checkin) -> Result<(), Problem> {
    let (before, was) = (checkin.counted(), checkin.status);
    checkin.hold(Flag::TotalTooLarge);
    store::save(tx, checkin).await?;
    post(tx, totals, Some(&before), checkin, Cause::Held).await?;
    let after = json!({"status": checkin.status, "flags": checkin.flags, "version": checkin.version});
    record(tx, "hold_checkin", checkin, Some(json!({"status": was})), after).await
}

fn too_large() -> Problem {
    Problem::new(Code::TotalTooLarge).with("limit", Quantity::from_thousandths(ROOM))
}

/// Holds what a stored total has no room for, the largest check-ins first: for data from before that was looked at. Gives how
/// many there were this time; the rest is for the next.
pub async fn hold_excess(tx: &Tx, key: TotalKey, excess: Total) -> Result<u64, Problem> {
    let (mut held, mut rest) = (0, excess);
    for mut checkin in store::largest_counted(tx, key).await? {
        if rest <= Total::ZERO {
            break;
        }
        let was_verified = checkin.status == CheckinStatus::Verified;
        rest = rest - checkin.quantity.into();
        // Its totals are summed anew from the ledger.
        hold(tx, &mut Totals::default(), &mut checkin).await?;
        if was_verified {
            pledges::keep_standing(tx, checkin.pledge_id).await?;
        }
        held += 1;
    }
    Ok(held)
}
