//! Units that come in many at a time: what single changes do, for a whole batch at once.

use std::collections::HashMap;

use chrono::NaiveDate;

pub use super::store::lock_shared;
use super::{
    Unit, store,
    timeline::{State, Timeline},
    tree,
};
use crate::{
    db::Tx,
    kit::{problems::Problem, values::UnitId},
};

/// Adds these units, those above before those below. Whose rights that takes has been asked before.
pub async fn add(tx: &Tx, new: &[&Unit]) -> Result<(), Problem> {
    let Some(since) = new.iter().map(|unit| unit.valid_from).min() else { return Ok(()) };
    tree::lock_tree(tx).await?;
    for unit in new {
        let state = State {
            name: unit.name.clone(),
            short_name: unit.short_name.clone(),
            kind: unit.kind,
            parent_id: unit.parent_id,
        };
        tree::insert_unit(tx, unit.id, &Timeline::new(state, unit.valid_from)).await?;
        if unit.code.is_some() {
            store::set_code(tx, unit.id, unit.code.as_deref()).await?;
        }
    }
    let ids: Vec<UnitId> = new.iter().map(|unit| unit.id).collect();
    tree::rebuild_closure(tx, &ids, since).await
}

/// Gives these units their names, kinds and codes from `day` on. What stands above them stays.
pub async fn revise(tx: &Tx, changed: &[&Unit], day: NaiveDate) -> Result<(), Problem> {
    if changed.is_empty() {
        return Ok(());
    }
    tree::lock_tree(tx).await?;
    let lives: HashMap<UnitId, Timeline> = tree::timelines(tx, changed.iter().map(|unit| unit.id)).await?;
    for unit in changed {
        let Some(before) = lives.get(&unit.id) else { continue };
        let mut after = before.clone();
        after.change(day, |state| &mut state.name, &unit.name);
        after.change(day, |state| &mut state.short_name, &unit.short_name);
        after.change(day, |state| &mut state.kind, &unit.kind);
        tree::save_timeline(tx, unit.id, before, &after).await?;
        store::set_code(tx, unit.id, unit.code.as_deref()).await?;
        if *before == after {
            store::touch(tx, unit.id).await?;
        }
    }
    Ok(())
}
