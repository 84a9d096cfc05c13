//! Making right what is derived from the ledger.

use serde_json::json;
use uuid::Uuid;

use super::{Drift, store};
use crate::{
    audit::{self, Subject},
    db::{Effect, Tx},
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

/// Makes every total what the ledger says, whatever it was. Nobody else changes totals meanwhile.
pub async fn repair(tx: &Tx) -> Result<Repaired, Problem> {
    store::hold_totals(tx).await?;
    let found = store::recount(tx).await?.len();
    if found == 0 {
        return Ok(Repaired { found, left: Vec::new() });
    }
    store::rebuild_totals(tx).await?;
    let left = store::recount(tx).await?;
    let (before, after) = (json!({"figures_that_differ": found}), json!({"figures_that_differ": left.len()}));
    let ledger = Subject { kind: "ledger", id: Uuid::nil() };
    audit::record(tx, "repair_figures", ledger, Some(before), Some(after)).await?;
    tx.after_commit(Effect::ForgetPages);
    Ok(Repaired { found, left })
}
