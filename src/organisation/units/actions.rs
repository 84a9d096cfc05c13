//! Changes of units: made, changed from a day on, closed on a day.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{
    NewUnit, Unit,
    rights::require_manager_of,
    store,
    timeline::{Piece, State, Timeline},
    tree,
    wire::UnitPatch,
};
use crate::{
    audit::{self, Subject},
    belongings::Belongings,
    db::Tx,
    kit::{
        http::{IfMatch, Person},
        problems::{Code, Fault, FaultCode, Faults, Problem},
        values::{UnitId, clock::NO_END},
    },
};

/// Makes a unit. A manager makes them below their own; a topmost one takes an admin, and so does a day that is past.
pub async fn create(tx: &Tx, caller: &Person, new: NewUnit) -> Result<Unit, Problem> {
    tree::lock_tree(tx).await?;
    let from = new.valid_from.unwrap_or_else(|| tx.today());
    let obstacle = match new.parent_id {
        Some(parent) => tree::obstacle_in(&tree::timeline(tx, parent).await?, from, NO_END),
        None => None,
    };
    if obstacle != Some(FaultCode::NoSuchThing) {
        require_manager_of(tx, caller, &[new.parent_id]).await?;
    }
    let mut faults = Faults::new();
    obstacle.into_iter().for_each(|code| faults.add(Fault::at("/parent_id", code)));
    faults.add_unless_first_day(from, "/valid_from");
    faults.add_if(from < tx.today() && !caller.is_admin(), "/valid_from", FaultCode::InPast);
    faults.or(())?;
    let id = new.id.unwrap_or_default();
    let state = State { name: new.name, short_name: new.short_name, kind: new.kind, parent_id: new.parent_id };
    let life = Timeline::new(state, from);
    tree::insert_unit(tx, id, &life).await?;
    store::set_code(tx, id, new.code.as_deref()).await?;
    tree::rebuild_closure(tx, &[id], from).await?;
    record(tx, "create_unit", id, None, Some(shown(&life, from))).await?;
    found(tx, id, from).await
}

/// Changes what a unit is called or is, from a day on. A change from the first day of what holds now corrects it. Its code is
/// not dated: it changes at once.
pub async fn update(tx: &Tx, caller: &Person, id: UnitId, seen: &IfMatch, patch: UnitPatch) -> Result<Unit, Problem> {
    tree::lock_tree(tx).await?;
    let before = living(tx, id).await?;
    require_manager_of(tx, caller, &[Some(id)]).await?;
    seen.check(store::version_of(tx, id).await?)?;
    let from = patch.from.unwrap_or_else(|| tx.today());
    let mut faults = Faults::new();
    check_day(&mut faults, Fault::at("/from", FaultCode::InPast), caller, &before, from, tx.today());
    faults.or(())?;
    let mut after = before.clone();
    if let Some(name) = patch.name {
        after.change(from, |state| &mut state.name, &name);
    }
    if let Some(short_name) = patch.short_name {
        after.change(from, |state| &mut state.short_name, &short_name);
    }
    if let Some(kind) = patch.kind {
        after.change(from, |state| &mut state.kind, &kind);
    }
    tree::save_timeline(tx, id, &before, &after).await?;
    let (mut old, mut new) = (shown(&before, from), shown(&after, from));
    if let Some(code) = patch.code {
        (old, new) = (with_code(old, found(tx, id, from).await?.code.as_ref()), with_code(new, code.as_ref()));
        store::set_code(tx, id, code.as_deref()).await?;
        if before == after && old != new {
            store::touch(tx, id).await?;
        }
    }
    record(tx, "update_unit", id, Some(old), Some(new)).await?;
    found(tx, id, from).await
}

/// Closes a unit: `on` is the first day without it. Nothing living may hang on it; what it did counts for the unit above it.
pub async fn close(
    tx: &Tx,
    belongings: &Belongings,
    caller: &Person,
    id: UnitId,
    seen: &IfMatch,
    on: Option<NaiveDate>,
) -> Result<(), Problem> {
    tree::lock_tree(tx).await?;
    store::hold(tx, id).await?;
    let before = living(tx, id).await?;
    let on = on.unwrap_or_else(|| tx.today());
    let parent = before.on(on).and_then(|piece| piece.state.parent_id);
    let parent_before = before.on(tx.today()).map_or(parent, |piece| piece.state.parent_id);
    require_manager_of(tx, caller, &[parent_before]).await?;
    seen.check(store::version_of(tx, id).await?)?;
    let mut faults = Faults::new();
    check_day(&mut faults, Fault::parameter("on", FaultCode::InPast), caller, &before, on, tx.today());
    faults.or(())?;
    require_nothing_living(tx, belongings, id, on).await?;
    let mut after = before.clone();
    after.end(on);
    tree::save_timeline(tx, id, &before, &after).await?;
    tree::set_successor(tx, id, parent).await?;
    tree::rebuild_closure(tx, &[id], on).await?;
    belongings.end_of_unit(tx, id, on).await?;
    record(tx, "close_unit", id, Some(shown(&before, on)), Some(json!({"valid_to": on}))).await
}

/// A unit can be closed on `on` when nothing living hangs on it from then on, nor on a unit that was merged into it; else each
/// reason is named.
async fn require_nothing_living(tx: &Tx, belongings: &Belongings, unit: UnitId, on: NaiveDate) -> Result<(), Problem> {
    let below = store::has_units_below(tx, unit, on).await?.then_some(FaultCode::HasUnitsBelow);
    let reasons = below.into_iter().chain(belongings.obstacles(tx, unit, on).await?);
    let faults: Vec<Fault> = reasons.map(|code| Fault::parameter("on", code)).collect();
    if faults.is_empty() {
        return Ok(());
    }
    Err(Problem { faults, ..Problem::new(Code::UnitInUse) })
}

/// The life of a unit that is there today or is going to be; else there is nothing to change.
pub async fn living(tx: &Tx, id: UnitId) -> Result<Timeline, Problem> {
    let life = tree::timeline(tx, id).await?;
    let is_over = life.pieces().is_empty() || life.ends().is_some_and(|ends| ends <= tx.today());
    if is_over { Err(Problem::not_found()) } else { Ok(life) }
}

/// A change is of a day on which the unit is there; the past is for admins. `fault` says where the day was given.
pub fn check_day(
    faults: &mut Faults,
    fault: Fault,
    caller: &Person,
    life: &Timeline,
    day: NaiveDate,
    today: NaiveDate,
) {
    if life.on(day).is_none() {
        faults.add(Fault { code: FaultCode::NotThereThen, ..fault });
    } else if day < today && !caller.is_admin() {
        faults.add(fault);
    }
}

/// The unit as it is on `day`.
pub async fn found(tx: &Tx, id: UnitId, day: NaiveDate) -> Result<Unit, Problem> {
    store::find_on(tx, id, day).await?.ok_or_else(Problem::not_found)
}

/// What the audit log keeps of a unit on `day`.
pub fn shown(life: &Timeline, day: NaiveDate) -> Value {
    life.on(day).map_or(Value::Null, |Piece { state, from, to, .. }| {
        json!({"name": state.name, "short_name": state.short_name, "kind": state.kind, "parent_id": state.parent_id,
            "valid_from": from, "valid_to": (*to != NO_END).then_some(to), "on": day})
    })
}

fn with_code(mut shown: Value, code: Option<&String>) -> Value {
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("code".to_owned(), json!(code));
    }
    shown
}

/// Writes a change of a unit into the audit log.
pub async fn record(
    tx: &Tx,
    action: &'static str,
    id: UnitId,
    before: Option<Value>,
    after: Option<Value>,
) -> Result<(), Problem> {
    // Articles and lists show names and paths of units.
    tx.after_commit(crate::db::Effect::ForgetPages);
    audit::record(tx, action, Subject { kind: "unit", id: id.0 }, before, after).await
}
