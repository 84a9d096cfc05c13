//! `thidua recount`: every stored figure against a recount from the ledger.

use super::{Verdict, ground::Setup, say::say};
use crate::campaigns::progress;

/// Compares, and says what differs.
pub async fn run(setup: Setup) -> anyhow::Result<Verdict> {
    let db = setup.open_migrated().await?;
    let drifts = progress::recount(db.reads()).await?;
    for drift in &drifts {
        say(format_args!("{}: stored {}, recounted {}", drift.figure, drift.stored, drift.recounted));
    }
    if drifts.is_empty() {
        say("Every stored figure is what the ledger says");
        return Ok(Verdict::Well);
    }
    say(format_args!("{} figures differ from the ledger", drifts.len()));
    Ok(Verdict::Wrong)
}
