//! Proving what is derived from the ledger, and making it right.

use serde_json::json;
use uuid::Uuid;

use crate::{
    audit::{self, Subject},
    campaigns::{
        ledger::{self, Drift},
        pledges,
    },
    db::{ConnectionTrait, Effect, Tx},
    kit::problem::Problem,
};

/// What a repair came to.
#[derive(Debug)]
pub struct Repaired {
    /// How many figures differed before.
    pub found: usize,
    /// Which still do: the ledger itself contradicts a check-in, which only a person can decide.
    pub left: Vec<Drift>,
}

/// Everything that is derived against the ledger.
pub async fn recount(db: &impl ConnectionTrait) -> Result<Vec<Drift>, Problem> {
    let mut drifts = ledger::recount(db).await?;
    drifts.extend(pledges::recount_standings(db).await?);
    Ok(drifts)
}

/// Makes everything that is derived what the ledger says, whatever it was. Nobody else changes it meanwhile.
pub async fn repair(tx: &Tx) -> Result<Repaired, Problem> {
    // In the order of every change: first the pledge, last the totals.
    pledges::hold_standings(tx).await?;
    ledger::hold_totals(tx).await?;
    let found = recount(tx).await?.len();
    if found == 0 {
        return Ok(Repaired { found, left: Vec::new() });
    }
    ledger::rebuild_totals(tx).await?;
    pledges::rebuild_standings(tx).await?;
    let left = recount(tx).await?;
    let (before, after) = (json!({"figures_that_differ": found}), json!({"figures_that_differ": left.len()}));
    let ledger = Subject { kind: "ledger", id: Uuid::nil() };
    audit::record(tx, "repair_figures", ledger, Some(before), Some(after)).await?;
    tx.after_commit(Effect::ForgetPages);
    Ok(Repaired { found, left })
}
