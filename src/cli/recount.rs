//! `thidua recount`: every stored figure against a recount from the ledger, and made right by it where that is asked for.

use anyhow::Context as _;

use super::{Verdict, say::say, setup::Setup};
use crate::{
    campaigns::progress::{self, Drift},
    db::Actor,
    kit::values::Clock,
};

/// How many figures one transaction repairs: none of them is held for long.
const AT_ONCE: usize = 500;

/// Compares, and says what differs; or says it, repairs it, and says what could not be repaired.
pub async fn run(setup: Setup, repairs: bool) -> anyhow::Result<Verdict> {
    let db = setup.open_migrated().await?;
    let mut drifts = progress::recount(db.reads()).await?;
    if repairs && !drifts.is_empty() {
        drifts.iter().for_each(tell);
        let mut repaired = 0;
        // What a total has no room for is held some at a time, so one pass may not be all of it.
        loop {
            let mut this_time = 0;
            for some in drifts.chunks(AT_ONCE) {
                let tx = db.begin(Clock::system().now(), Actor::system()).await?;
                this_time += progress::repair(&tx, some).await?;
                tx.commit().await?;
            }
            repaired += this_time;
            drifts = progress::recount(db.reads()).await?;
            if this_time == 0 || drifts.is_empty() {
                break;
            }
        }
        say(format_args!("Repaired from the ledger: {repaired}"));
    }
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
