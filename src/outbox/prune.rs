//! Letting go of events that are too old, in the order of their positions.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    QueryTrait as _,
    sea_query::{Expr, ExprTrait as _, OnConflict, Query},
};

use crate::{
    db::Tx,
    entity::{
        notification,
        outbox_event::{Column, Entity},
        outbox_mark,
    },
    kit::values::EventId,
};

/// The one row of `outbox_mark`.
const MARK: i32 = 1;

/// Up to which position events may be gone: whoever asks for what came after a smaller one cannot be answered in full. 0: all
/// are there.
pub async fn pruned_to(db: &impl ConnectionTrait) -> Result<i64, DbErr> {
    Ok(outbox_mark::Entity::find_by_id(MARK).one(db).await?.map_or(0, |mark| mark.pruned_to))
}

/// Looks at a batch of the events that were recorded before then and lets go of them. What people are still to be told of stays,
/// and so does what a notification tells of, which takes it away when it goes (`delete_told`). The last event of all stays too:
/// the next position follows from its own. Gives how many it looked at.
pub async fn prune(tx: &Tx, before: DateTime<Utc>, batch: u64) -> Result<u64, DbErr> {
    let mark = pruned_to(tx).await?;
    let mut next: Vec<(EventId, i64, DateTime<Utc>)> = Entity::find()
        .select_only()
        .columns([Column::Id, Column::Position, Column::RecordedAt])
        .filter(Column::Position.is_not_null())
        .filter(Column::Position.gt(mark))
        .order_by_asc(Column::Position)
        .limit(batch.saturating_add(1))
        .into_tuple()
        .all(tx)
        .await?;
    next.pop();
    let old: Vec<_> = next.into_iter().take_while(|(_, _, recorded_at)| *recorded_at < before).collect();
    let Some((_, last, _)) = old.last() else { return Ok(0) };
    let row = outbox_mark::ActiveModel { id: Set(MARK), pruned_to: Set(*last), pruned_at: Set(tx.now()) };
    let further = OnConflict::column(outbox_mark::Column::Id)
        .update_columns([outbox_mark::Column::PrunedTo, outbox_mark::Column::PrunedAt])
        .to_owned();
    outbox_mark::Entity::insert(row).on_conflict(further).exec_without_returning(tx).await?;
    let ids: Vec<EventId> = old.iter().map(|(id, _, _)| *id).collect();
    delete(tx, &ids, before, *last).await?;
    Ok(u64::try_from(old.len()).unwrap_or(batch))
}

/// Lets go of events whose notification has gone, where they were recorded before then and `prune` has come past them.
pub async fn delete_told(tx: &Tx, events: &[EventId], before: DateTime<Utc>) -> Result<(), DbErr> {
    let mark = pruned_to(tx).await?;
    delete(tx, events, before, mark).await
}

async fn delete(tx: &Tx, events: &[EventId], before: DateTime<Utc>, up_to: i64) -> Result<(), DbErr> {
    let telling = Query::select()
        .expr(Expr::val(1))
        .from(notification::Entity)
        .and_where(Expr::col((notification::Entity, notification::Column::EventId)).equals((Entity, Column::Id)))
        .to_owned();
    let gone = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Id.is_in(events.iter().copied()))
        .filter(Column::RecordedAt.lt(before))
        .filter(Column::Position.lte(up_to))
        .filter(Column::RetryAt.is_null())
        .filter(Expr::exists(telling).not())
        .into_query();
    Entity::delete_many().filter(Column::Id.in_subquery(gone)).exec(tx).await.map(|_rows| ())
}
