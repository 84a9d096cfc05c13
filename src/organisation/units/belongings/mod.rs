//! What hangs on a unit beside the units below it: memberships, roles over it, its places, headships and flags in clusters,
//! what it has launched and pledged. A merge carries it over to the other unit on its day; what was before stays as it was.

mod days;
mod store;

use chrono::NaiveDate;

use super::counts;
use crate::{
    db::{Effect, Tx},
    kit::{
        problems::{
            codes::{Code, FaultCode},
            faults::Fault,
            problem::Problem,
        },
        values::ids::{MemberId, UnitId},
    },
};

pub use store::{hold_members, members_in, move_members};

/// What a merge has carried over, for the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Carried {
    /// How many memberships.
    pub memberships: usize,
    /// How many roles.
    pub role_grants: usize,
    /// How many places in clusters.
    pub cluster_places: usize,
}

/// Holds members whose places go from these units to others. Everybody who changes places holds in this order: the units
/// (`lock_shared`, `hold`), the members, the counts, then writes the places; else two of them could wait for each other.
pub async fn hold_for_move(tx: &Tx, members: &[MemberId], units: &[UnitId]) -> Result<(), Problem> {
    hold_members(tx, members).await?;
    Ok(counts::hold(tx, units).await?)
}

/// Lets everything of `unit` end on `on` and go on with `into` from then on, to the end it had.
pub async fn carry_over(tx: &Tx, unit: UnitId, into: UnitId, on: NaiveDate) -> Result<Carried, Problem> {
    let members = store::members_since(tx, unit, on).await?;
    hold_for_move(tx, &members, &[unit, into]).await?;
    let carried = Carried {
        memberships: store::carry_memberships(tx, unit, into, on).await?,
        role_grants: store::carry_role_grants(tx, unit, into, on).await?,
        cluster_places: store::carry_cluster_places(tx, unit, into, on).await?,
    };
    tx.after_commit(Effect::ForgetCallers);
    Ok(carried)
}

/// A unit can be closed on `on` when nothing living hangs on it from then on, nor on a unit that was merged into it; else each
/// reason is named.
pub async fn require_none(tx: &Tx, unit: UnitId, on: NaiveDate) -> Result<(), Problem> {
    let reasons = [
        (store::has_units_below(tx, unit, on).await?, FaultCode::HasUnitsBelow),
        (store::has_members(tx, unit, on).await?, FaultCode::HasMembers),
        (store::has_running_campaigns(tx, unit, on).await?, FaultCode::HasRunningCampaigns),
        (store::has_running_pledges(tx, unit, on).await?, FaultCode::HasRunningPledges),
    ];
    let faults: Vec<Fault> =
        reasons.iter().filter(|(holds, _)| *holds).map(|(_, code)| Fault::parameter("on", *code)).collect();
    if faults.is_empty() {
        return Ok(());
    }
    Err(Problem { faults, ..Problem::new(Code::UnitInUse) })
}

/// Ends the roles over a unit that is closed, and its places in clusters.
pub async fn end(tx: &Tx, unit: UnitId, on: NaiveDate) -> Result<(), Problem> {
    store::end_role_grants(tx, unit, on).await?;
    store::end_cluster_places(tx, unit, on).await?;
    tx.after_commit(Effect::ForgetCallers);
    Ok(())
}
