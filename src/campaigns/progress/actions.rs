//! Proving what is derived from the ledger, and making it right.

use std::collections::BTreeSet;

use serde_json::json;
use uuid::Uuid;

use crate::{
    audit::{self, Subject},
    campaigns::{
        checkins,
        ledger::{self, Derived, Drift},
        pledges,
    },
    db::{ConnectionTrait, Effect, Tx},
    kit::problems::Problem,
};

/// Everything that is derived against the ledger.
pub async fn recount(db: &impl ConnectionTrait) -> Result<Vec<Drift>, Problem> {
    let mut drifts = ledger::recount(db).await?;
    drifts.extend(pledges::recount_standings(db).await?);
    Ok(drifts)
}

/// Makes of these figures what the ledger says, and gives how many are different now. Only what differed is held, and not for
/// long: everything else goes on meanwhile. What a total has no room for becomes a held check-in, the largest first, and counts
/// as repaired too; where there are many of them, another repair goes on. What the ledger itself contradicts is left: only a
/// person can decide it.
pub async fn repair(tx: &Tx, drifts: &[Drift]) -> Result<u64, Problem> {
    let (mut standings, mut totals) = (BTreeSet::new(), BTreeSet::new());
    for drift in drifts {
        match drift.of {
            Derived::Standing(pledge) => drop(standings.insert(pledge)),
            Derived::Total(key) => drop(totals.insert(key)),
            Derived::Checkin(_) => {}
        }
    }
    // In the order of every change: first the check-ins, then the pledges, last the totals.
    let mut held = 0_u64;
    for (key, excess) in ledger::excess(tx, &totals).await? {
        held = held.saturating_add(checkins::hold_excess(tx, key, excess).await?);
    }
    let standings = pledges::repair_standings(tx, &standings).await?;
    let repaired = standings.saturating_add(ledger::repair_totals(tx, &totals).await?);
    let before = json!({"figures_that_differ": drifts.len()});
    let after = json!({"figures_repaired": repaired, "checkins_held": held});
    let ledger = Subject { kind: "ledger", id: Uuid::nil() };
    audit::record(tx, "repair_figures", ledger, Some(before), Some(after)).await?;
    tx.after_commit(Effect::ForgetPages);
    Ok(repaired.saturating_add(held))
}
