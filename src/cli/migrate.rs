//! `thidua migrate`: the schema.

use anyhow::Context as _;

use super::{Verdict, args::Direction, say::say, setup::Setup};

/// Migrates, or says what is pending.
pub async fn run(setup: Setup, direction: Direction) -> anyhow::Result<Verdict> {
    let db = match direction {
        Direction::Up => setup.open_or_make().await?,
        Direction::Down | Direction::Status => setup.open().await?,
    };
    match direction {
        Direction::Up => db.migrate().await.context("the schema cannot be brought up to date")?,
        Direction::Down => db.migrate_down().await.context("the last step cannot be taken back")?,
        Direction::Status => {}
    }
    let pending = db.pending_migrations().await.context("the database does not answer")?;
    if pending.is_empty() {
        say("The schema is up to date");
    } else {
        say(format_args!("Pending, {}:", pending.len()));
        pending.iter().for_each(|name| say(format_args!("  {name}")));
    }
    db.close().await.context("the database did not close")?;
    Ok(Verdict::Well)
}
