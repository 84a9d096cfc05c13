//! One row for each change that somebody may have to answer for.

use sea_orm::{ActiveValue::Set, EntityTrait as _};
use serde_json::Value;
use uuid::Uuid;

use crate::{db::Tx, entity::audit_row, kit::problem::Problem};

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

/// Records that the actor, a member of staff, has read personal data of `subject`: `action` says which part
/// (`read_member_private`), never what stood there. A handler that only reads does it by `App::accessed`.
pub async fn accessed(tx: &Tx, action: &'static str, subject: Subject) -> Result<(), Problem> {
    record(tx, action, subject, None, None).await
}
