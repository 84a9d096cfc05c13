//! Writes an event down, within the change that it tells of.

use sea_orm::{ActiveValue::Set, DbErr, EntityTrait as _};

use super::Event;
use crate::{
    db::{Effect, Tx},
    entity::outbox_event,
    kit::{problems::Problem, values::EventId},
};

/// Records that `event` has happened; it is told once the change is committed.
pub async fn record(tx: &Tx, event: Event) -> Result<(), Problem> {
    let row = outbox_event::ActiveModel {
        id: Set(EventId::new()),
        kind: Set(event.kind().to_owned()),
        payload: Set(serde_json::to_value(&event).map_err(Problem::internal)?),
        subject_id: Set(event.subject()),
        recorded_at: Set(tx.now()),
        position: Set(None),
        attempt: Set(0),
        retry_at: Set(None),
    };
    insert(tx, row).await?;
    tx.after_commit(Effect::WakeRelay);
    Ok(())
}

async fn insert(tx: &Tx, row: outbox_event::ActiveModel) -> Result<(), DbErr> {
    outbox_event::Entity::insert(row).exec_without_returning(tx).await.map(|_rows| ())
}
