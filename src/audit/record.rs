//! One row for each change that somebody may have to answer for.

use sea_orm::{ActiveValue::Set, EntityTrait as _};
use serde_json::Value;
use uuid::Uuid;

use crate::{db::Tx, entity::audit_row, kit::problems::Problem};

/// What stands for a personal value.
const MASK: &str = "***";

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

/// Records a change of what is shown as two JSON objects: of each, the fields that differ.
pub async fn changed(
    tx: &Tx,
    action: &'static str,
    subject: Subject,
    before: Value,
    after: Value,
) -> Result<(), Problem> {
    let (before, after) = difference(before, after);
    record(tx, action, subject, Some(before), Some(after)).await
}

/// Of two JSON objects, the fields that differ.
pub fn difference(mut before: Value, mut after: Value) -> (Value, Value) {
    if let (Some(old), Some(new)) = (before.as_object_mut(), after.as_object_mut()) {
        let same: Vec<String> =
            old.iter().filter(|(name, value)| new.get(*name) == Some(value)).map(|(name, _)| name.clone()).collect();
        for name in same {
            old.remove(&name);
            new.remove(&name);
        }
    }
    (before, after)
}

/// The same object with `***` for each of these fields that has a value: what was somebody's own is not written down.
pub fn masked(mut shown: Value, fields: &[&str]) -> Value {
    for name in fields {
        if let Some(value) = shown.get_mut(*name).filter(|value| !value.is_null()) {
            *value = MASK.into();
        }
    }
    shown
}

/// Records that the actor, a member of staff, has read personal data of `subject`: `action` says which part
/// (`read_member_private`), never what stood there. A handler that only reads does it by `App::accessed`.
pub async fn accessed(tx: &Tx, action: &'static str, subject: Subject) -> Result<(), Problem> {
    record(tx, action, subject, None, None).await
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_two_objects_what_differs_is_left_and_what_is_personal_is_masked() {
        let before = json!({"title": "Một", "goal": 1, "phone": null, "email": "a@b.vn"});
        let after = json!({"title": "Hai", "goal": 1, "phone": "84912345678", "email": "c@d.vn"});

        let (before, after) = difference(before, after);

        assert_eq!(before, json!({"title": "Một", "phone": null, "email": "a@b.vn"}));
        assert_eq!(masked(before, &["phone", "email", "code"]), json!({"title": "Một", "phone": null, "email": "***"}));
        assert_eq!(after, json!({"title": "Hai", "phone": "84912345678", "email": "c@d.vn"}));
    }
}
