//! All SQL about providers' events.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    QueryTrait as _,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use super::event::MiniAppEvent;
use crate::{
    db::Tx,
    entity::provider_event::{ActiveModel, Column, Entity, Model},
};

/// How many are worked on in one tick.
const BATCH: u64 = 50;

/// Stores an event that came from `provider` with that key; the same one a second time is the same event. True when it is new.
pub async fn insert(
    tx: &Tx,
    provider: &str,
    event_key: String,
    event: &MiniAppEvent,
    subject_hash: Option<String>,
) -> Result<bool, DbErr> {
    let row = ActiveModel {
        id: Set(Uuid::now_v7()),
        provider: Set(provider.to_owned()),
        event_key: Set(event_key),
        kind: Set(event.kind.clone()),
        subject_hash: Set(subject_hash),
        occurred_at: Set(event.occurred_at),
        received_at: Set(tx.now()),
        worked_at: Set(None),
        outcome: Set(None),
        attempt: Set(0),
        due_at: Set(tx.now()),
    };
    let known = OnConflict::columns([Column::Provider, Column::EventKey]).do_nothing().to_owned();
    Ok(Entity::insert(row).on_conflict(known).exec_without_returning(tx).await? > 0)
}

/// What is to be worked on now, a batch of it, what has waited longest first.
pub async fn due(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::WorkedAt.is_null())
        .filter(Column::DueAt.lte(now))
        .order_by_asc(Column::DueAt)
        .order_by_asc(Column::Id)
        .limit(BATCH)
        .all(db)
        .await
}

/// Since when something has been there to be worked on.
pub async fn waiting_since(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::DueAt)
        .filter(Column::WorkedAt.is_null())
        .filter(Column::DueAt.lte(now))
        .order_by_asc(Column::DueAt)
        .limit(1)
        .into_tuple()
        .one(db)
        .await
}

/// Deletes a batch of the events that were worked on before then. Gives how many.
pub async fn delete_old(tx: &Tx, before: DateTime<Utc>, batch: u64) -> Result<u64, DbErr> {
    let old = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::WorkedAt.is_not_null())
        .filter(Column::WorkedAt.lt(before))
        .order_by_asc(Column::WorkedAt)
        .limit(batch)
        .into_query();
    Ok(Entity::delete_many().filter(Column::Id.in_subquery(old)).exec(tx).await?.rows_affected)
}

/// Lets an event whose try was in vain wait until then. Where another worker has tried it too, one of the tries counts.
pub async fn postpone(tx: &Tx, event: &Model, due_at: DateTime<Utc>) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Attempt, Expr::value(event.attempt.saturating_add(1)))
        .col_expr(Column::DueAt, Expr::value(due_at))
        .filter(Column::Id.eq(event.id))
        .filter(Column::Attempt.eq(event.attempt))
        .filter(Column::WorkedAt.is_null())
        .exec(tx)
        .await
        .map(|_rows| ())
}

/// Keeps what came of an event, and forgets whom it was about.
pub async fn finish(tx: &Tx, id: Uuid, outcome: &str) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::WorkedAt, Expr::value(tx.now()))
        .col_expr(Column::Outcome, Expr::value(outcome))
        .col_expr(Column::SubjectHash, Expr::value(None::<String>))
        .filter(Column::Id.eq(id))
        .filter(Column::WorkedAt.is_null())
        .exec(tx)
        .await
        .map(|_rows| ())
}
