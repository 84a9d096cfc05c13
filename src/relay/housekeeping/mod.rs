//! What goes when its time is over: answers under old idempotency keys, refresh tokens, authorization codes and sessions, and
//! what is kept in memory about people who have left.

mod store;

use chrono::{Datelike as _, Months, NaiveDate, TimeDelta};

use crate::{
    app::App,
    audit,
    db::{Actor, Tx, dialect},
    identity::{avatars, guesses},
    kit::{clock::start_in_vietnam, metrics, problem::Problem},
    organisation::units,
};

/// How long a code is remembered after its end, so that a second use of it still ends its session (RFC 6749, 4.1.2).
const CODES_REMEMBERED: TimeDelta = TimeDelta::days(1);
/// How long a session is remembered after its end: as long as its last refresh token can be.
const SESSIONS_REMEMBERED: TimeDelta = TimeDelta::days(30);
/// How many batches of one kind go at a time.
const BATCHES: u32 = 100;

/// Clears up what this process keeps in memory. Every process does this, with the relay inside or without.
pub fn tidy_memory(app: &App) {
    app.limits.tidy();
    app.guesses.tidy();
    metrics::tidy();
}

/// Clears up the database. A batch is cleared by one process at a time, for all; whoever finds another one at it leaves the rest
/// to it. What goes wrong is logged: the next time is soon.
pub async fn delete_old(app: &App) {
    let results = [
        ("idempotency keys", delete_idempotency_keys(app).await),
        ("refresh tokens", delete_refresh_tokens(app).await),
        ("authorization codes", delete_authorization_codes(app).await),
        ("sessions", delete_sessions(app).await),
        ("wrong guesses", delete_wrong_guesses(app).await),
        ("the audit log", prune_audit_log(app).await),
        ("counts of members", recount_members(app).await),
        ("freed pages", forget_freed_pages(app).await),
    ];
    for (what, result) in results {
        log(what, result);
    }
}

/// Removes files that are nobody's. It goes through all there are, so it is for now and then.
pub async fn sweep_files(app: &App) {
    log("avatars", avatars::sweep(app).await);
}

fn log(what: &'static str, result: Result<(), Problem>) {
    if let Err(problem) = result {
        tracing::warn!(error = %problem, cause = ?problem.cause, what, "could not clear up");
    }
}

async fn delete_idempotency_keys(app: &App) -> Result<(), Problem> {
    in_batches(app, async |tx| Ok(store::delete_idempotency_keys(tx, tx.now()).await?)).await
}

async fn delete_refresh_tokens(app: &App) -> Result<(), Problem> {
    in_batches(app, async |tx| Ok(store::delete_refresh_tokens(tx, tx.now()).await?)).await
}

async fn delete_authorization_codes(app: &App) -> Result<(), Problem> {
    in_batches(app, async |tx| Ok(store::delete_authorization_codes(tx, tx.now() - CODES_REMEMBERED).await?)).await
}

async fn delete_sessions(app: &App) -> Result<(), Problem> {
    in_batches(app, async |tx| Ok(store::delete_sessions(tx, tx.now() - SESSIONS_REMEMBERED).await?)).await
}

async fn delete_wrong_guesses(app: &App) -> Result<(), Problem> {
    in_batches(app, async |tx| guesses::prune(tx, store::BATCH).await).await
}

/// By whole months: a page of the log that somebody reads today is there until the month is over.
async fn prune_audit_log(app: &App) -> Result<(), Problem> {
    let Some(before) = first_day_kept(app.clock.today(), app.config.audit.keep_months) else { return Ok(()) };
    let before = start_in_vietnam(before);
    in_batches(app, async |tx| Ok(audit::prune(tx, before, store::BATCH).await?)).await
}

/// The first day of which something is kept; none when everything is.
fn first_day_kept(today: NaiveDate, months: u32) -> Option<NaiveDate> {
    if months == 0 {
        return None;
    }
    today.with_day(1)?.checked_sub_months(Months::new(months))
}

/// Once a day, so that the counts of today need no look at what has changed since they were made.
async fn recount_members(app: &App) -> Result<(), Problem> {
    app.change_as(Actor::system(), async |tx| Ok(units::recount_members(tx).await?)).await
}

/// What an erasure could not do at once, because somebody was reading.
async fn forget_freed_pages(app: &App) -> Result<(), Problem> {
    if app.db.has_freed_pages() {
        app.db.forget_freed_pages().await?;
    }
    Ok(())
}

/// Each batch in a transaction of its own, so that nobody waits for long.
async fn in_batches(app: &App, delete: impl AsyncFn(&Tx) -> Result<u64, Problem>) -> Result<(), Problem> {
    let delete_alone = async |tx: &Tx| {
        let is_alone = dialect::try_lock_until_commit(tx, dialect::HOUSEKEEPING_LOCK).await?;
        if is_alone { delete(tx).await } else { Ok(0) }
    };
    for _ in 0..BATCHES {
        let deleted = app.change_as(Actor::system(), async |tx| delete_alone(tx).await).await?;
        if deleted < store::BATCH {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_months_are_kept() {
        let today = NaiveDate::from_ymd_opt(2026, 3, 31).unwrap();

        assert_eq!(first_day_kept(today, 1), NaiveDate::from_ymd_opt(2026, 2, 1));
        assert_eq!(first_day_kept(today, 24), NaiveDate::from_ymd_opt(2024, 3, 1));
        assert_eq!(first_day_kept(today, 0), None);
    }
}
