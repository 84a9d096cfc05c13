//! Answers under `Idempotency-Key`s. A request in flight is told by its uncommitted row: a second one waits for it. Answers
//! with a secret are kept encrypted.

use chrono::{DateTime, Duration, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, QueryTrait as _,
    sea_query::{Expr, OnConflict},
};

use crate::{
    db::{Tx, dialect},
    entity::idempotency_key::{ActiveModel, Column, Entity},
    kit::{
        http::{Key, Rendered},
        problems::{Code, Problem},
        secrets::Vault,
        values::clock::later,
    },
};

/// How long an answer is given again.
const LIFE: Duration = Duration::hours(24);
/// What secret answers are sealed for.
const BODY: &str = "idempotency_key.body";

/// The status of an answer that was kept and taken away since: it named somebody who was erased, or showed what they have
/// taken their consent back for.
const GONE: u16 = 410;

/// What there is under a key.
pub enum Claim {
    /// Nothing: this transaction has it now.
    Taken,
    /// The answer that was kept.
    Kept(Rendered),
    /// An answer whose time is over: `drop_expired` takes it away, in a transaction of its own.
    Expired,
}

/// Takes the key for this transaction; or gives the answer that was kept under it. Says so when that was taken away since.
/// Nothing that is there already is locked: an erasure takes the member first and then the keys, and the change that goes on
/// under this key may wait for that very member.
pub async fn claim(tx: &Tx, vault: &Vault, key: &Key) -> Result<Claim, Problem> {
    let row = ActiveModel {
        caller: Set(key.caller.clone()),
        operation: Set(key.operation.clone()),
        key: Set(key.key.clone()),
        fingerprint: Set(key.fingerprint()),
        status: Set(0),
        headers: Set(serde_json::Value::Null),
        body: Set(Vec::new()),
        created_at: Set(tx.now()),
        expires_at: Set(later(tx.now(), LIFE)),
    };
    let on_conflict = OnConflict::columns([Column::Caller, Column::Operation, Column::Key]).do_nothing().to_owned();
    let inserted = Entity::insert(row).on_conflict(on_conflict).exec_without_returning(tx).await?;
    if inserted > 0 {
        return Ok(Claim::Taken);
    }
    let id = (key.caller.clone(), key.operation.clone(), key.key.clone());
    let kept = Entity::find_by_id(id).one(tx).await?.ok_or_else(|| Problem::new(Code::RequestInFlight))?;
    if kept.expires_at <= tx.now() {
        return Ok(Claim::Expired);
    }
    if kept.fingerprint != key.fingerprint() {
        return Err(Problem::new(Code::IdempotencyKeyReused));
    }
    if kept.status == i32::from(GONE) {
        return Err(Problem::new(Code::AnswerGone));
    }
    let mut headers: Vec<(String, String)> = serde_json::from_value(kept.headers).map_err(Problem::internal)?;
    headers.push(("idempotent-replayed".to_owned(), "true".to_owned()));
    let status = u16::try_from(kept.status).unwrap_or(200);
    // An erasure may have emptied it.
    let is_sealed = key.has_secret_answer && !kept.body.is_empty();
    let body = if is_sealed { vault.open_bytes(BODY, &kept.body).map_err(Problem::internal)? } else { kept.body };
    Ok(Claim::Kept(Rendered { status, headers, body }))
}

/// Keeps the answer under the key that this transaction has taken.
pub async fn keep(tx: &Tx, vault: &Vault, key: &Key, answer: &Rendered) -> Result<(), Problem> {
    let body = if key.has_secret_answer { vault.seal_bytes(BODY, &answer.body) } else { answer.body.clone() };
    Entity::update_many()
        .set(ActiveModel {
            status: Set(i32::from(answer.status)),
            headers: Set(serde_json::to_value(&answer.headers).map_err(Problem::internal)?),
            body: Set(body),
            ..Default::default()
        })
        .filter(Column::Caller.eq(key.caller.as_str()))
        .filter(Column::Operation.eq(key.operation.as_str()))
        .filter(Column::Key.eq(key.key.as_str()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Takes away what is kept under a key beyond its time.
pub async fn drop_expired(tx: &Tx, key: &Key) -> Result<(), Problem> {
    Entity::delete_many()
        .filter(Column::Caller.eq(key.caller.as_str()))
        .filter(Column::Operation.eq(key.operation.as_str()))
        .filter(Column::Key.eq(key.key.as_str()))
        .filter(Column::ExpiresAt.lte(tx.now()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Empties these answers, each under its key: the key stays, so that nothing is done a second time, and the answer then says that
/// it is gone.
pub async fn empty(tx: &Tx, which: Condition) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Body, Expr::value(Vec::<u8>::new()))
        .col_expr(Column::Status, Expr::value(i32::from(GONE)))
        .filter(which)
        .exec(tx)
        .await
        .map(|_done| ())
}

/// Deletes a batch of the answers that are not given again. Gives how many.
pub async fn delete_old(tx: &Tx, before: DateTime<Utc>, batch: u64) -> Result<u64, DbErr> {
    let key = [Column::Caller, Column::Operation, Column::Key];
    let mut old =
        Entity::find().select_only().columns(key).filter(Column::ExpiresAt.lte(before)).limit(batch).into_query();
    // Whoever holds one of them, an erasure maybe, takes it away too: nobody waits for anybody.
    dialect::skip_locked(&mut old);
    let is_old = Expr::tuple(key.map(Expr::col)).in_subquery(old);
    Ok(Entity::delete_many().filter(is_old).exec(tx).await?.rows_affected)
}

/// Since when the oldest of the answers that are not given again should have gone.
pub async fn old_since(db: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::ExpiresAt)
        .filter(Column::ExpiresAt.lte(before))
        .order_by_asc(Column::ExpiresAt)
        .limit(1)
        .into_tuple()
        .one(db)
        .await
}
