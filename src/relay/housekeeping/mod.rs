//! What goes when its time is over: answers under old idempotency keys, refresh tokens, authorization codes and sessions, what
//! people were told long ago (`retention`), and what is kept in memory about people who have left.

mod retention;

use std::future::Future;

use chrono::{DateTime, Datelike as _, Months, NaiveDate, TimeDelta, Utc};

use crate::{
    app::{App, idempotency},
    audit,
    campaigns::pledges,
    db::{Actor, Db, Tx, dialect},
    identity::{avatars, guesses, oauth, sessions},
    kit::{
        problems::{Code, Problem},
        values::clock::{earlier, start_in_vietnam},
        work::{Worked, jobs::caught, metrics},
    },
    organisation::units,
};

/// The job that this is the work of.
pub const JOB: &str = "housekeeping";
/// How long a code is remembered after its end, so that a second use of it still ends its session (RFC 6749, 4.1.2).
const CODES_REMEMBERED: TimeDelta = TimeDelta::days(1);
/// How long a session is remembered after its end: as long as its last refresh token can be.
const SESSIONS_REMEMBERED: TimeDelta = TimeDelta::days(30);
/// How long what is usual for a target serves.
const USUAL_FOR: TimeDelta = TimeDelta::hours(1);
/// Of how many campaigns that is looked at at a time.
const CAMPAIGNS_AT_ONCE: u64 = 20;
/// How many rows go in one transaction.
const BATCH: u64 = 1_000;
/// How many batches of one kind go at a time.
const BATCHES: u32 = 100;

/// Clears up what this process keeps in memory. Every process does this, with the relay inside or without.
pub fn tidy_memory(app: &App) {
    app.limits.tidy();
    app.guesses.tidy();
    metrics::tidy();
}

/// Clears up the database. A batch is cleared by one process at a time, for all; whoever finds another one at it leaves the rest
/// to it. What goes wrong, or panics, is logged and keeps nothing else from its turn: the next time is soon. Gives of how much
/// it went wrong.
pub async fn delete_old(app: &App) -> usize {
    let results = [
        attempt(app, "idempotency keys", delete_idempotency_keys(app)).await,
        attempt(app, "refresh tokens", delete_refresh_tokens(app)).await,
        attempt(app, "authorization codes", delete_authorization_codes(app)).await,
        attempt(app, "sessions", delete_sessions(app)).await,
        attempt(app, "wrong guesses", delete_wrong_guesses(app)).await,
        attempt(app, "the audit log", prune_audit_log(app)).await,
        attempt(app, "inboxes", retention::delete_inbox_rows(app)).await,
        attempt(app, "deliveries", retention::delete_deliveries(app)).await,
        attempt(app, "notifications", retention::delete_notifications(app)).await,
        attempt(app, "events", retention::delete_events(app)).await,
        attempt(app, "providers' events", retention::delete_provider_events(app)).await,
        attempt(app, "counts of members", Box::pin(recount_members(app))).await,
        attempt(app, "usual quantities", look_at_usual_quantities(app)).await,
        attempt(app, "freed pages", forget_freed_pages(app)).await,
    ];
    results.into_iter().filter(|is_done| !is_done).count()
}

/// Since when something has been there to be cleared up; an hour is no matter.
pub async fn waiting_since(db: &Db, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Problem> {
    Ok(idempotency::old_since(db.reads(), earlier(now, TimeDelta::hours(1))).await?)
}

/// A step of the job: it fails when a part of it did.
pub async fn step(app: &App) -> Result<Worked, Problem> {
    match delete_old(app).await {
        0 => Ok(Worked::All),
        _failed => Err(Problem::new(Code::InternalError)),
    }
}

/// Removes files that are nobody's. It goes through all there are, so it is for now and then.
pub async fn sweep_files(app: &App) -> Result<(), Problem> {
    avatars::sweep(app).await
}

async fn attempt(app: &App, what: &'static str, work: impl Future<Output = Result<(), Problem>>) -> bool {
    let done = caught(JOB, work).await.unwrap_or_else(|panicked| Err(Problem::internal(panicked)));
    app.jobs.beat(JOB);
    if let Err(problem) = &done {
        tracing::warn!(error = %problem, cause = ?problem.cause, what, "could not clear up");
    }
    done.is_ok()
}

async fn delete_idempotency_keys(app: &App) -> Result<(), Problem> {
    in_batches(app, async |tx| Ok(idempotency::delete_old(tx, tx.now(), BATCH).await?)).await
}

async fn delete_refresh_tokens(app: &App) -> Result<(), Problem> {
    in_batches(app, async |tx| Ok(sessions::delete_old_tokens(tx, tx.now(), BATCH).await?)).await
}

async fn delete_authorization_codes(app: &App) -> Result<(), Problem> {
    in_batches(app, async |tx| Ok(oauth::delete_old(tx, earlier(tx.now(), CODES_REMEMBERED), BATCH).await?)).await
}

async fn delete_sessions(app: &App) -> Result<(), Problem> {
    in_batches(app, async |tx| Ok(sessions::delete_old(tx, earlier(tx.now(), SESSIONS_REMEMBERED), BATCH).await?)).await
}

async fn delete_wrong_guesses(app: &App) -> Result<(), Problem> {
    in_batches(app, async |tx| guesses::prune(tx, BATCH).await).await
}

/// By whole months: a page of the log that somebody reads today is there until the month is over.
async fn prune_audit_log(app: &App) -> Result<(), Problem> {
    let Some(before) = first_day_kept(app.clock.today(), app.config.audit.keep_months) else { return Ok(()) };
    let before = start_in_vietnam(before);
    in_batches(app, async |tx| Ok(audit::prune(tx, before, BATCH).await?)).await
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

/// What people usually report for a target changes with what they report. A campaign is looked at again after an hour.
async fn look_at_usual_quantities(app: &App) -> Result<(), Problem> {
    let before = earlier(app.clock.now(), USUAL_FOR);
    for campaign in pledges::outdated(app.db.reads(), before, CAMPAIGNS_AT_ONCE).await? {
        app.change_as(Actor::system(), async |tx| {
            let is_alone = dialect::try_lock_until_commit(tx, dialect::HOUSEKEEPING_LOCK).await?;
            if is_alone { pledges::look_again(tx, campaign, before).await } else { Ok(()) }
        })
        .await?;
    }
    Ok(())
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
        app.jobs.beat(JOB);
        if deleted < BATCH {
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
