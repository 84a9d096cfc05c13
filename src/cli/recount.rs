//! `thidua recount`: every stored figure against a recount from the ledger, and made right by it where that is asked for.

use anyhow::Context as _;

use super::{Verdict, ground::Setup, say::say};
use crate::{
    campaigns::progress::{self, Drift},
    db::Actor,
    kit::clock::Clock,
};

/// Compares, and says what differs; or repairs, and says what could not be.
pub async fn run(setup: Setup, repairs: bool) -> anyhow::Result<Verdict> {
    let db = setup.open_migrated().await?;
    let drifts = if repairs {
        let tx = db.begin(Clock::system().now(), Actor::system()).await?;
        let repaired = progress::repair(&tx).await?;
        tx.commit().await?;
        say(format_args!("Repaired from the ledger: {}", repaired.found.saturating_sub(repaired.left.len())));
        repaired.left
    } else {
        progress::recount(db.reads()).await?
    };
    drifts.iter().for_each(tell);
    db.close().await.context("the database did not close")?;
    if drifts.is_empty() {
        say("Every stored figure is what the ledger says");
        return Ok(Verdict::Well);
    }
    say(format_args!("Figures that differ: {}", drifts.len()));
    Ok(Verdict::Wrong)
}

fn tell(drift: &Drift) {
    say(format_args!("{}: stored {}, recounted {}", drift.figure, drift.stored, drift.recounted));
}
