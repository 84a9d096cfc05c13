//! How long what people were told is kept: the settings of `retention`. The ledger stays, and the audit log has its own setting.

use chrono::{DateTime, Utc};

use super::{BATCH, in_batches};
use crate::{
    app::App,
    kit::{problems::Problem, values::clock::days_earlier},
    outbox,
    relay::{deliveries, hooks, notifications},
};

/// What is older than this has had its time; none: it is kept for ever.
fn end_of(now: DateTime<Utc>, days: u32) -> Option<DateTime<Utc>> {
    (days > 0).then(|| days_earlier(now, days))
}

/// Inbox rows, read or not.
pub async fn delete_inbox_rows(app: &App) -> Result<(), Problem> {
    let Some(before) = end_of(app.clock.now(), app.config.retention.inbox_days) else { return Ok(()) };
    in_batches(app, async |tx| Ok(notifications::delete_old_rows(tx, before, BATCH).await?)).await
}

/// Deliveries that have ended. One that waits stays, however old.
pub async fn delete_deliveries(app: &App) -> Result<(), Problem> {
    let Some(before) = end_of(app.clock.now(), app.config.retention.deliveries_days) else { return Ok(()) };
    in_batches(app, async |tx| Ok(deliveries::delete_old(tx, before, BATCH).await?)).await
}

/// Notifications that nobody has any more: only what is older than both inboxes and deliveries can be such, so nothing younger is
/// looked at. With it goes its event, where that has had its time.
pub async fn delete_notifications(app: &App) -> Result<(), Problem> {
    let (now, kept) = (app.clock.now(), &app.config.retention);
    let ends = [kept.inbox_days, kept.deliveries_days].map(|days| end_of(now, days));
    let [Some(inboxes), Some(deliveries)] = ends else { return Ok(()) };
    let events = end_of(now, kept.outbox_days);
    in_batches(app, async |tx| {
        let (count, told) = notifications::delete_old(tx, inboxes.min(deliveries), BATCH).await?;
        if let Some(before) = events {
            outbox::delete_told(tx, &told, before).await?;
        }
        Ok(count)
    })
    .await
}

/// Events that no notification tells of.
pub async fn delete_events(app: &App) -> Result<(), Problem> {
    let Some(before) = end_of(app.clock.now(), app.config.retention.outbox_days) else { return Ok(()) };
    in_batches(app, async |tx| Ok(outbox::prune(tx, before, BATCH).await?)).await
}

/// What providers told us, once it was worked on.
pub async fn delete_provider_events(app: &App) -> Result<(), Problem> {
    let Some(before) = end_of(app.clock.now(), app.config.retention.provider_events_days) else { return Ok(()) };
    in_batches(app, async |tx| Ok(hooks::delete_old(tx, before, BATCH).await?)).await
}
