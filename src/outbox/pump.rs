//! Positions. A reader who has seen n never meets a smaller number later. A PostgreSQL sequence would not give that: its
//! numbers are taken before the commit. So one sequencer at a time numbers what is committed, spreads it, and chains the
//! audit log's hashes, all in one transaction: a crash repeats nothing, and writers wait for nobody.

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, FromQueryResult, JsonValue as Json, QueryFilter as _,
    QuerySelect as _, Statement,
};
use uuid::Uuid;

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
    /// When it happened.
    pub recorded_at: DateTime<Utc>,
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
    let (placed, numbered) = give_positions(&tx).await?;
    spread(&tx, &numbered).await?;
    let chained = audit::chain(&tx, BATCH).await?;
    tx.commit().await?;
    Ok(placed.max(chained))
}

async fn is_anything_waiting(db: &Db) -> Result<bool, Problem> {
    let event = outbox_event::Entity::find().filter(outbox_event::Column::Position.is_null()).one(db.reads()).await?;
    Ok(event.is_some() || audit::is_anything_waiting(db.reads()).await?)
}

/// Gives the events that wait their positions, in one statement however many they are. How many, and those of them that
/// this build can read: one that it cannot (another build recorded it) has its place too, and holds up nobody.
async fn give_positions(tx: &Tx) -> Result<(usize, Vec<Numbered>), Problem> {
    let last: Option<Option<i64>> = outbox_event::Entity::find()
        .select_only()
        .column_as(outbox_event::Column::Position.max(), "last")
        .filter(outbox_event::Column::Position.is_not_null())
        .into_tuple()
        .one(tx)
        .await?;
    let last = last.flatten().unwrap_or(0);
    // The batch is taken first: what else waits, however much, is not looked at.
    let sql = format!(
        "UPDATE outbox_event SET position = placed.place FROM (\
           SELECT id, {last} + ROW_NUMBER() OVER (ORDER BY recorded_at, id) AS place FROM (\
             SELECT id, recorded_at FROM outbox_event WHERE position IS NULL ORDER BY recorded_at, id LIMIT {BATCH}\
           ) AS batch\
         ) AS placed WHERE outbox_event.id = placed.id \
         RETURNING outbox_event.id, outbox_event.kind, outbox_event.payload, outbox_event.position, outbox_event.recorded_at"
    );
    let rows = tx.query_all_raw(Statement::from_string(tx.get_database_backend(), sql)).await?;
    let mut placed = rows.iter().map(|row| Placed::from_query_result(row, "")).collect::<Result<Vec<_>, _>>()?;
    placed.sort_by_key(|row| row.position);
    let count = placed.len();
    Ok((count, placed.into_iter().filter_map(Placed::read).collect()))
}

#[derive(FromQueryResult)]
struct Placed {
    id: Uuid,
    kind: String,
    payload: Json,
    position: i64,
    recorded_at: DateTime<Utc>,
}

impl Placed {
    fn read(self) -> Option<Numbered> {
        match serde_json::from_value(self.payload) {
            Ok(event) => {
                Some(Numbered { id: EventId(self.id), position: self.position, event, recorded_at: self.recorded_at })
            }
            Err(error) => {
                let category = error.classify();
                tracing::error!(event.id = %self.id, kind = self.kind, ?category, "an event that this build cannot read is told to nobody");
                None
            }
        }
    }
}
