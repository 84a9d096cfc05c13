//! One row for each change that somebody may have to answer for.

use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    db::Tx,
    entity::audit_row,
    kit::{
        problem::Problem,
        secret::{sha256, to_hex},
    },
};

/// What was done to.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    /// Of which kind: a singular noun.
    pub kind: &'static str,
    /// Which one.
    pub id: Uuid,
}

/// Records that the actor of this change did `action` (`verb_noun`) to `subject`.
pub async fn record(
    tx: &Tx,
    action: &'static str,
    subject: Subject,
    before: Option<Value>,
    after: Option<Value>,
) -> Result<(), Problem> {
    let (actor_kind, actor_id) = tx.actor().key.split_once(':').unwrap_or((&tx.actor().key, ""));
    let row = audit_row::ActiveModel {
        id: Set(Uuid::now_v7()),
        position: Set(None),
        actor_kind: Set(actor_kind.to_owned()),
        actor_id: Set(actor_id.to_owned()),
        action: Set(action.to_owned()),
        subject_kind: Set(subject.kind.to_owned()),
        subject_id: Set(subject.id.to_string()),
        before: Set(before),
        after: Set(after),
        request_id: Set(tx.actor().request_id.clone()),
        recorded_at: Set(tx.now()),
        previous_hash: Set(None),
        hash: Set(None),
    };
    audit_row::Entity::insert(row).exec_without_returning(tx).await?;
    tx.after_commit(crate::db::Effect::WakeRelay);
    Ok(())
}

/// Is there a row without a place in the chain?
pub async fn is_anything_waiting(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    let row = audit_row::Entity::find().filter(audit_row::Column::Position.is_null()).one(db).await?;
    Ok(row.is_some())
}

/// Gives the rows that wait, at most `limit`, their place in the chain. Only the sequencer calls this.
pub async fn chain(tx: &Tx, limit: u64) -> Result<usize, Problem> {
    let last = audit_row::Entity::find()
        .filter(audit_row::Column::Position.is_not_null())
        .order_by_desc(audit_row::Column::Position)
        .one(tx)
        .await?;
    let mut position = last.as_ref().and_then(|row| row.position).unwrap_or(0);
    let mut previous = last.and_then(|row| row.hash).unwrap_or_default();
    let waiting = audit_row::Entity::find()
        .filter(audit_row::Column::Position.is_null())
        .order_by_asc(audit_row::Column::RecordedAt)
        .order_by_asc(audit_row::Column::Id)
        .limit(limit)
        .all(tx)
        .await?;
    let count = waiting.len();
    for row in waiting {
        position = position.saturating_add(1);
        let hash = hash_of(&row, position, &previous);
        let update = audit_row::ActiveModel {
            id: Unchanged(row.id),
            position: Set(Some(position)),
            previous_hash: Set(Some(previous)),
            hash: Set(Some(hash.clone())),
            ..Default::default()
        };
        audit_row::Entity::update(update).exec(tx).await?;
        previous = hash;
    }
    Ok(count)
}

/// SHA-256 over the row as JSON with its keys in order, and the hash before it.
fn hash_of(row: &audit_row::Model, position: i64, previous: &str) -> String {
    let content = json!({
        "action": row.action, "actor_id": row.actor_id, "actor_kind": row.actor_kind, "after": row.after,
        "before": row.before, "id": row.id, "position": position, "previous_hash": previous,
        "recorded_at": row.recorded_at, "request_id": row.request_id, "subject_id": row.subject_id,
        "subject_kind": row.subject_kind,
    });
    to_hex(&sha256(content.to_string().as_bytes()))
}
