//! Positions. A reader who has seen n never meets a smaller number later. A PostgreSQL sequence would not give that: its
//! numbers are taken before the commit. So one sequencer at a time numbers what is committed, spreads it, and chains the
//! audit log's hashes, all in one transaction: a crash repeats nothing, and writers wait for nobody.

use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

use super::Event;
use crate::{
    audit,
    db::{Actor, Db, Tx, dialect},
    entity::outbox_event,
    kit::{clock::Clock, ids::EventId, problem::Problem},
};

/// How many events are numbered in one transaction.
const BATCH: u64 = 500;

/// An event with its place in the order of visibility.
#[derive(Clone, Debug)]
pub struct Numbered {
    /// The event's id.
    pub id: EventId,
    /// Its position: greater than every position that was visible before.
    pub position: i64,
    /// What has happened.
    pub event: Event,
}

/// Numbers what is waiting, at most a batch of it, and hands it to `spread` in the same transaction. Gives how many.
pub async fn number(
    db: &Db,
    clock: &Clock,
    spread: impl AsyncFnOnce(&Tx, &[Numbered]) -> Result<(), Problem>,
) -> Result<usize, Problem> {
    if !is_anything_waiting(db).await? {
        return Ok(0);
    }
    let tx = db.begin(clock.now(), Actor::system()).await?;
    if !dialect::try_lock_until_commit(&tx, dialect::SEQUENCER_LOCK).await? {
        return Ok(0);
    }
    let numbered = give_positions(&tx).await?;
    spread(&tx, &numbered).await?;
    let chained = audit::chain(&tx, BATCH).await?;
    tx.commit().await?;
    Ok(numbered.len().max(chained))
}

async fn is_anything_waiting(db: &Db) -> Result<bool, Problem> {
    let event = outbox_event::Entity::find().filter(outbox_event::Column::Position.is_null()).one(db.reads()).await?;
    Ok(event.is_some() || audit::is_anything_waiting(db.reads()).await?)
}

async fn give_positions(tx: &Tx) -> Result<Vec<Numbered>, Problem> {
    let waiting = outbox_event::Entity::find()
        .filter(outbox_event::Column::Position.is_null())
        .order_by_asc(outbox_event::Column::RecordedAt)
        .order_by_asc(outbox_event::Column::Id)
        .limit(BATCH)
        .all(tx)
        .await?;
    let last: Option<Option<i64>> = outbox_event::Entity::find()
        .select_only()
        .column_as(outbox_event::Column::Position.max(), "last")
        .into_tuple()
        .one(tx)
        .await?;
    let mut position = last.flatten().unwrap_or(0);
    let mut numbered = Vec::with_capacity(waiting.len());
    for row in waiting {
        position = position.saturating_add(1);
        let update =
            outbox_event::ActiveModel { id: Unchanged(row.id), position: Set(Some(position)), ..Default::default() };
        outbox_event::Entity::update(update).exec(tx).await?;
        let event = serde_json::from_value(row.payload).map_err(Problem::internal)?;
        numbered.push(Numbered { id: EventId(row.id), position, event });
    }
    Ok(numbered)
}
