//! Events that people could not be told of. Such an event has its position, holds up nobody, and is tried again, less and less
//! often, at least every eight hours; each time it raises the alarm `event_set_aside`. A later build may know what to do with it.

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _, sea_query::Expr,
};

use super::{
    Numbered,
    pump::{Placed, in_one_change},
};
use crate::{
    db::{Db, Tx, dialect},
    entity::outbox_event::{Column, Entity},
    kit::{
        problems::{Code, Problem},
        values::{Clock, EventId, clock::later},
        work::Wait,
    },
};

/// How often an event may fail before it is set aside.
const TRIES: i32 = 3;

/// Did it fail by itself? Trouble of the database is nobody's fault: everything waits until that is over.
pub(super) fn is_its_own_fault(problem: &Problem) -> bool {
    problem.code == Code::InternalError || problem.code.status() < 500
}

/// Counts that an event has failed; after a few times it is set aside.
pub(super) async fn blame(db: &Db, clock: &Clock, id: EventId) -> Result<(), Problem> {
    in_one_change(db, clock, async |tx| {
        // What has its position by now has been told by somebody else.
        let waiting = Entity::find()
            .select_only()
            .columns([Column::Kind, Column::Attempt])
            .filter(Column::Id.eq(id))
            .filter(Column::Position.is_null());
        let Some((kind, attempt)) = waiting.into_tuple::<(String, i32)>().one(tx).await? else { return Ok(()) };
        if attempt.saturating_add(1) < TRIES {
            return Ok(keep_try(tx, id, attempt, None).await?);
        }
        put_off(tx, id, attempt, &kind, "telling people of it failed").await
    })
    .await
}

/// Sets an event aside at once.
pub(super) async fn set_aside(tx: &Tx, id: EventId, kind: &str, reason: &str) -> Result<(), Problem> {
    put_off(tx, id, TRIES, kind, reason).await
}

async fn put_off(tx: &Tx, id: EventId, attempt: i32, kind: &str, reason: &str) -> Result<(), Problem> {
    let tries = attempt.saturating_add(1).saturating_sub(TRIES).max(1);
    let retry_at = later(tx.now(), Wait::Long.after(tries, rand::random()));
    tracing::error!(
        alarm = "event_set_aside",
        event.id = %id,
        kind,
        reason,
        retry_at = %retry_at.to_rfc3339(),
        "people cannot be told of an event; it is set aside and tried again later"
    );
    Ok(keep_try(tx, id, attempt, Some(retry_at)).await?)
}

async fn keep_try(tx: &Tx, id: EventId, attempt: i32, retry_at: Option<DateTime<Utc>>) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Attempt, Expr::value(attempt.saturating_add(1)))
        .col_expr(Column::RetryAt, Expr::value(retry_at))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await
        .map(|_rows| ())
}

/// Tells people of one event that was set aside and is due again. Gives how many it tried.
pub async fn retry(
    db: &Db,
    clock: &Clock,
    spread: impl AsyncFn(&Tx, &Numbered) -> Result<(), Problem>,
) -> Result<usize, Problem> {
    let due = Entity::find()
        .select_only()
        .columns([Column::Id, Column::Kind, Column::Attempt])
        .filter(Column::RetryAt.lte(clock.now()))
        .filter(Column::Position.is_not_null())
        .order_by_asc(Column::RetryAt)
        .limit(1);
    let Some((id, kind, attempt)) = due.into_tuple::<(EventId, String, i32)>().one(db.reads()).await? else {
        return Ok(0);
    };
    let problem = match in_one_change(db, clock, async |tx| tell(tx, id, &spread).await).await {
        // Somebody else is at it: there is nothing to do here before they are done.
        Ok(is_mine) => return Ok(usize::from(is_mine)),
        Err(problem) if !is_its_own_fault(&problem) => return Err(problem),
        Err(problem) => problem,
    };
    let reason = problem.cause.map_or_else(|| problem.code.name().to_owned(), |cause| cause.to_string());
    in_one_change(db, clock, async |tx| put_off(tx, id, attempt, &kind, &reason).await).await?;
    Ok(1)
}

/// Of several sequencers one has the lock; the others leave it to that one.
async fn tell(
    tx: &Tx,
    id: EventId,
    spread: &impl AsyncFn(&Tx, &Numbered) -> Result<(), Problem>,
) -> Result<bool, Problem> {
    if !dialect::try_lock_until_commit(tx, dialect::SEQUENCER_LOCK).await? {
        return Ok(false);
    }
    let columns = [Column::Id, Column::Kind, Column::Payload, Column::Position, Column::RecordedAt, Column::RetryAt];
    let waiting = Entity::find()
        .select_only()
        .columns(columns)
        .filter(Column::Id.eq(id))
        .filter(Column::RetryAt.lte(tx.now()))
        .into_query();
    let Some(row) = tx.query_one(&waiting).await? else { return Ok(true) };
    let event = Placed::read_row(&row)?.map_err(|fault| Problem::internal(std::io::Error::other(fault)))?;
    spread(tx, &event).await?;
    let told = Entity::update_many().col_expr(Column::RetryAt, Expr::value(None::<DateTime<Utc>>));
    told.filter(Column::Id.eq(id)).exec(tx).await?;
    tracing::info!(event.id = %id, "people were told of an event that had been set aside");
    Ok(true)
}

/// How many events are set aside.
pub async fn count_set_aside(db: &impl ConnectionTrait) -> Result<u64, DbErr> {
    Entity::find().filter(Column::RetryAt.is_not_null()).count(db).await
}
