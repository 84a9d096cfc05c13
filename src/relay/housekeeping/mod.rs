//! What goes when its time is over: answers under old idempotency keys, refresh tokens and authorization codes, and what
//! is kept in memory about people who have left.

mod store;

use chrono::TimeDelta;

use crate::{
    app::App,
    db::{Actor, Tx},
    kit::{metrics, problem::Problem},
};

/// How long a code is remembered after its end, so that a second use of it still ends its session (RFC 6749, 4.1.2).
const CODES_REMEMBERED: TimeDelta = TimeDelta::days(1);
/// How many batches of one kind go at a time.
const BATCHES: u32 = 100;

/// Clears up. What goes wrong is logged: the next time is soon.
pub async fn tidy(app: &App) {
    app.limits.tidy();
    metrics::tidy();
    let results = [
        ("idempotency keys", delete_idempotency_keys(app).await),
        ("refresh tokens", delete_refresh_tokens(app).await),
        ("authorization codes", delete_authorization_codes(app).await),
    ];
    for (what, result) in results {
        if let Err(problem) = result {
            tracing::warn!(error = %problem, cause = ?problem.cause, what, "could not clear up");
        }
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

/// Each batch in a transaction of its own, so that nobody waits for long.
async fn in_batches(app: &App, delete: impl AsyncFn(&Tx) -> Result<u64, Problem>) -> Result<(), Problem> {
    for _ in 0..BATCHES {
        let deleted = app.change_as(Actor::system(), async |tx| delete(tx).await).await?;
        if deleted < store::BATCH {
            break;
        }
    }
    Ok(())
}
