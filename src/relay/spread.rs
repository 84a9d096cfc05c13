//! From an event to what people are told: notifications, inboxes and deliveries, written in the very transaction that gives
//! the event its position, so that a crash neither loses nor repeats any.

use super::{audience, channels::Channel, deliveries, notifications};
use crate::{
    db::Tx,
    kit::{problems::Problem, values::NotificationId},
    outbox::Numbered,
};

/// Tells people of this event; by the channels that are open too.
pub async fn spread(tx: &Tx, numbered: &Numbered, open: &[Channel]) -> Result<(), Problem> {
    let Numbered { id, position, event, recorded_at } = numbered;
    let Some(told) = audience::of(tx, event).await? else { return Ok(()) };
    let notification = NotificationId::at(tx.now());
    notifications::insert(tx, notification, (*id, *recorded_at), event.subject(), &told.news).await?;
    notifications::put_into_inboxes(tx, notification, *position, &told.recipients).await?;
    if told.news.goes_outside() {
        for channel in open {
            deliveries::queue(tx, notification, *channel, &told.recipients).await?;
        }
    }
    Ok(())
}
