//! All SQL about providers' events.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
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
    };
    let known = OnConflict::columns([Column::Provider, Column::EventKey]).do_nothing().to_owned();
    Ok(Entity::insert(row).on_conflict(known).exec_without_returning(tx).await? > 0)
}

/// What waits to be worked on, a batch of it, in the order in which it came.
pub async fn waiting(db: &impl ConnectionTrait) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::WorkedAt.is_null()).order_by_asc(Column::Id).limit(BATCH).all(db).await
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
