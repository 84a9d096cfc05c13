//! Positions. A reader who has seen n never meets a smaller number later. A PostgreSQL sequence would not give that: its
//! numbers are taken before the commit. So one sequencer at a time numbers what is committed, spreads it, and chains the
//! audit log's hashes, all in one transaction: a crash repeats nothing, and writers wait for nobody.
//!
//! An event that cannot be spread stops the queue for a few tries. Then it is set aside: it gets its position in its turn all the
//! same, for it has happened and readers by position must not meet it late, but people are told of it later (`set_aside`).

use std::cell::Cell;

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, FromQueryResult, JsonValue as Json, QueryFilter as _,
    QueryOrder as _, QueryResult, QuerySelect as _, Statement,
};

use super::{Event, set_aside};
use crate::{
    audit,
    db::{Actor, Db, Tx, dialect},
    entity::outbox_event,
    kit::{
        problems::Problem,
        values::{Clock, EventId},
        work::jobs::caught,
    },
};

/// How many events are numbered in one transaction.
const BATCH: u64 = 500;
/// The job that this is the work of, for the log and the metrics.
const JOB: &str = "numbering";

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

/// What the sequencer is at, so that a failure has its cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Placing,
    Spreading(EventId),
    Chaining,
    Committing,
}

/// Numbers what is waiting, at most a batch of it, and hands each event to `spread` in the same transaction. Gives how many.
pub async fn number(
    db: &Db,
    clock: &Clock,
    spread: impl AsyncFn(&Tx, &Numbered) -> Result<(), Problem>,
) -> Result<usize, Problem> {
    if !is_anything_waiting(db).await? {
        return Ok(0);
    }
    let at = Cell::new(At::Placing);
    let problem = match number_batch(db, clock, &spread, &at, true).await {
        Ok(count) => return Ok(count),
        Err(problem) => problem,
    };
    match at.get() {
        At::Spreading(event) if set_aside::is_its_own_fault(&problem) => set_aside::blame(db, clock, event).await?,
        // The audit log stands still, and says so; news goes on.
        At::Chaining => {
            number_batch(db, clock, &spread, &at, false).await?;
        }
        At::Placing | At::Spreading(_) | At::Committing => {}
    }
    Err(problem)
}

async fn number_batch(
    db: &Db,
    clock: &Clock,
    spread: &impl AsyncFn(&Tx, &Numbered) -> Result<(), Problem>,
    at: &Cell<At>,
    is_chaining: bool,
) -> Result<usize, Problem> {
    at.set(At::Placing);
    in_one_change(db, clock, async |tx| {
        if !dialect::try_lock_until_commit(tx, dialect::SEQUENCER_LOCK).await? {
            return Ok(0);
        }
        let (placed, numbered) = give_positions(tx).await?;
        for event in &numbered {
            at.set(At::Spreading(event.id));
            spread(tx, event).await?;
        }
        let mut chained = 0;
        if is_chaining {
            at.set(At::Chaining);
            chained = audit::chain(tx, BATCH).await?;
        }
        at.set(At::Committing);
        Ok(placed.max(chained))
    })
    .await
}

/// Does this in one transaction. After a failure or a panic it is over before this returns, and its lock free for the next try.
pub(super) async fn in_one_change<T>(
    db: &Db,
    clock: &Clock,
    work: impl AsyncFnOnce(&Tx) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let tx = db.begin(clock.now(), Actor::system()).await?;
    match caught(JOB, work(&tx)).await.unwrap_or_else(|panicked| Err(Problem::internal(panicked))) {
        Ok(done) => {
            tx.commit().await?;
            Ok(done)
        }
        Err(problem) => {
            if let Err(error) = tx.roll_back().await {
                tracing::warn!(%error, "a change of the sequencer could not be rolled back; its connection is closed");
            }
            Err(problem)
        }
    }
}

async fn is_anything_waiting(db: &Db) -> Result<bool, Problem> {
    Ok(waiting_since(db.reads()).await?.is_some() || audit::is_anything_waiting(db.reads()).await?)
}

/// Since when an event has waited for its position.
pub async fn waiting_since(db: &impl ConnectionTrait) -> Result<Option<DateTime<Utc>>, DbErr> {
    outbox_event::Entity::find()
        .select_only()
        .column(outbox_event::Column::RecordedAt)
        .filter(outbox_event::Column::Position.is_null())
        .order_by_asc(outbox_event::Column::RecordedAt)
        .order_by_asc(outbox_event::Column::Id)
        .limit(1)
        .into_tuple()
        .one(db)
        .await
}

/// Gives the events that wait their positions, in one statement however many they are. How many, and those of them that are
/// to be spread. One that this build cannot read (another build recorded it, or somebody has spoilt it) has its place too, holds
/// up nobody, and is set aside.
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
         RETURNING outbox_event.id, outbox_event.kind, outbox_event.payload, outbox_event.position, outbox_event.recorded_at, \
           outbox_event.retry_at"
    );
    let rows = tx.query_all_raw(Statement::from_string(tx.get_database_backend(), sql)).await?;
    let mut placed = rows.iter().map(Placed::of).collect::<Result<Vec<_>, _>>()?;
    placed.sort_by_key(|row| row.place.position);
    let count = placed.len();
    let mut numbered = Vec::with_capacity(count);
    for row in placed.into_iter().filter(|row| row.place.retry_at.is_none()) {
        let (id, kind) = (row.place.id, row.place.kind.clone());
        match row.read() {
            Ok(event) => numbered.push(event),
            Err(fault) => set_aside::set_aside(tx, id, &kind, &fault).await?,
        }
    }
    Ok((count, numbered))
}

/// An event with its position, as the database has it.
pub(super) struct Placed {
    place: Place,
    /// What has happened; none where it is no JSON.
    payload: Option<Json>,
}

#[derive(FromQueryResult)]
struct Place {
    id: EventId,
    kind: String,
    position: i64,
    recorded_at: DateTime<Utc>,
    retry_at: Option<DateTime<Utc>>,
}

impl Placed {
    fn of(row: &QueryResult) -> Result<Self, DbErr> {
        // SQLite keeps any text there. One that cannot be read must not keep the others from being read.
        Ok(Self { place: Place::from_query_result(row, "")?, payload: row.try_get("", "payload").ok() })
    }

    /// The event; else why this build cannot read it. The reason says nothing of what stands in it.
    fn read(self) -> Result<Numbered, String> {
        let payload = self.payload.ok_or("it is no JSON")?;
        let event = serde_json::from_value(payload).map_err(|error| format!("{:?}", error.classify()))?;
        let Place { id, position, recorded_at, .. } = self.place;
        Ok(Numbered { id, position, event, recorded_at })
    }

    /// The event of a row that was read whole.
    pub(super) fn read_row(row: &QueryResult) -> Result<Result<Numbered, String>, DbErr> {
        Ok(Self::of(row)?.read())
    }
}
