//! Answers under `Idempotency-Key`s. A request in flight is told by its uncommitted row: a second one waits for it.

use chrono::Duration;
use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, sea_query::OnConflict};

use crate::{
    db::Tx,
    entity::idempotency_key::{ActiveModel, Column, Entity},
    kit::{answer::Rendered, codes::Code, once::Key, problem::Problem},
};

/// How long an answer is given again.
const LIFE: Duration = Duration::hours(24);

/// Takes the key for this transaction; or gives the answer that was kept under it.
pub async fn claim(tx: &Tx, key: &Key) -> Result<Option<Rendered>, Problem> {
    drop_expired(tx, key).await?;
    let row = ActiveModel {
        caller: Set(key.caller.clone()),
        operation: Set(key.operation.clone()),
        key: Set(key.key.clone()),
        fingerprint: Set(key.fingerprint()),
        status: Set(0),
        headers: Set(serde_json::Value::Null),
        body: Set(Vec::new()),
        created_at: Set(tx.now()),
        expires_at: Set(tx.now() + LIFE),
    };
    let on_conflict = OnConflict::columns([Column::Caller, Column::Operation, Column::Key]).do_nothing().to_owned();
    let inserted = Entity::insert(row).on_conflict(on_conflict).exec_without_returning(tx).await?;
    if inserted > 0 {
        return Ok(None);
    }
    let id = (key.caller.clone(), key.operation.clone(), key.key.clone());
    let kept = Entity::find_by_id(id).one(tx).await?.ok_or_else(|| Problem::new(Code::RequestInFlight))?;
    if kept.fingerprint != key.fingerprint() {
        return Err(Problem::new(Code::IdempotencyKeyReused));
    }
    let mut headers: Vec<(String, String)> = serde_json::from_value(kept.headers).map_err(Problem::internal)?;
    headers.push(("idempotent-replayed".to_owned(), "true".to_owned()));
    let status = u16::try_from(kept.status).unwrap_or(200);
    Ok(Some(Rendered { status, headers, body: kept.body }))
}

/// Keeps the answer under the key that this transaction has taken.
pub async fn keep(tx: &Tx, key: &Key, answer: &Rendered) -> Result<(), Problem> {
    Entity::update_many()
        .set(ActiveModel {
            status: Set(i32::from(answer.status)),
            headers: Set(serde_json::to_value(&answer.headers).map_err(Problem::internal)?),
            body: Set(answer.body.clone()),
            ..Default::default()
        })
        .filter(Column::Caller.eq(key.caller.as_str()))
        .filter(Column::Operation.eq(key.operation.as_str()))
        .filter(Column::Key.eq(key.key.as_str()))
        .exec(tx)
        .await?;
    Ok(())
}

async fn drop_expired(tx: &Tx, key: &Key) -> Result<(), Problem> {
    Entity::delete_many()
        .filter(Column::Caller.eq(key.caller.as_str()))
        .filter(Column::Operation.eq(key.operation.as_str()))
        .filter(Column::Key.eq(key.key.as_str()))
        .filter(Column::ExpiresAt.lte(tx.now()))
        .exec(tx)
        .await?;
    Ok(())
}
