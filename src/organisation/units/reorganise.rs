//! Moves, merges and splits: on a day, and with all history. Nothing vanishes and nothing counts twice.

use std::collections::HashSet;

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{
    Unit, UnitKind,
    actions::{check_day, found, living, record, shown},
    rights::require_manager_of,
    store,
    timeline::{State, Timeline},
    tree,
    wire::{MergeUnit, MoveUnit, NewPart, SplitUnit},
};
use crate::{
    belongings::{Belongings, Carried},
    db::{Effect, Tx},
    kit::{
        http::Person,
        problems::{Code, Fault, FaultCode, Faults, Problem},
        values::{MemberId, UnitId, clock::NO_END},
    },
    outbox::{self, Event},
};

/// Puts a unit, with all below it, under another one from a day on.
pub async fn move_unit(tx: &Tx, caller: &Person, id: UnitId, to: MoveUnit) -> Result<Unit, Problem> {
    tree::lock_tree(tx).await?;
    let before = living(tx, id).await?;
    let on = to.on.unwrap_or_else(|| tx.today());
    require_manager_of(tx, caller, &[parent_on(&before, on), to.parent_id]).await?;
    let mut after = before.clone();
    after.change(on, |state| &mut state.parent_id, &to.parent_id);
    let mut faults = Faults::new();
    check_day(&mut faults, Fault::at("/on", FaultCode::InPast), caller, &before, on, tx.today());
    if let Some(parent) = to.parent_id {
        if parent == id {
            return Err(Problem::new(Code::UnitCycle).with("unit", id));
        }
        let life = tree::timeline(tx, parent).await?;
        let stays = after.pieces().iter().filter(|piece| piece.to > on && piece.state.parent_id == Some(parent));
        let is_short = stays.into_iter().any(|piece| !life.covers(piece.from.max(on), piece.to));
        let is_there = life.on(on).is_some();
        faults.add_if(!is_there, "/parent_id", FaultCode::NoSuchThing);
        faults.add_if(is_there && is_short, "/parent_id", FaultCode::EndsTooSoon);
    }
    faults.or(())?;
    tree::save_timeline(tx, id, &before, &after).await?;
    tree::rebuild_closure(tx, &[id], on).await?;
    record(tx, "move_unit", id, Some(shown(&before, on)), Some(shown(&after, on))).await?;
    tx.after_commit(Effect::ForgetCallers);
    outbox::record(tx, Event::UnitMoved { unit_id: id, parent_id: to.parent_id, on }).await?;
    found(tx, id, on).await
}

/// Merges a unit into another one: from that day on the other one has its members, its units and its history.
pub async fn merge(
    tx: &Tx,
    belongings: &Belongings,
    caller: &Person,
    id: UnitId,
    with: MergeUnit,
) -> Result<Unit, Problem> {
    tree::lock_tree(tx).await?;
    store::hold(tx, id).await?;
    let before = living(tx, id).await?;
    let (into, on) = (with.into_unit_id, with.on.unwrap_or_else(|| tx.today()));
    require_manager_of(tx, caller, &[parent_on(&before, on), Some(into)]).await?;
    let mut faults = Faults::new();
    check_day(&mut faults, Fault::at("/on", FaultCode::InPast), caller, &before, on, tx.today());
    faults.add_if(before.begins() == Some(on), "/on", FaultCode::NotThereThen);
    let is_planned = before.changes_after(on) || before.ends().is_some();
    faults.add_if(before.on(on).is_some() && is_planned, "/on", FaultCode::ChangePlanned);
    let obstacle = tree::obstacle_in(&tree::timeline(tx, into).await?, on, NO_END);
    faults.add_if(into == id, "/into_unit_id", FaultCode::NotAllowed);
    obstacle.into_iter().for_each(|code| faults.add(Fault::at("/into_unit_id", code)));
    faults.or(())?;
    let children = tree::children_since(tx, id, on).await?;
    for (child, life) in tree::timelines(tx, children.iter().copied()).await? {
        let mut moved = life.clone();
        moved.replace_parent(on, id, Some(into));
        tree::save_timeline(tx, child, &life, &moved).await?;
    }
    let mut after = before.clone();
    after.end(on);
    tree::save_timeline(tx, id, &before, &after).await?;
    tree::set_successor(tx, id, Some(into)).await?;
    tree::rebuild_closure(tx, &[vec![id], children].concat(), on).await?;
    let carried = belongings.carry_over(tx, id, into, on).await?;
    let carried = carried.iter().map(|Carried { name, count }| ((*name).to_owned(), json!(count)));
    let after = json!({"into_unit_id": into, "on": on, "carried": Value::Object(carried.collect())});
    record(tx, "merge_unit", id, Some(shown(&before, on)), Some(after)).await?;
    outbox::record(tx, Event::UnitMerged { unit_id: id, into_unit_id: into, on }).await?;
    found(tx, into, on).await
}

/// Splits a unit: new ones beside it take some of its members and some of the units below it from a day on. It keeps its
/// past and goes on with the rest.
pub async fn split(
    tx: &Tx,
    belongings: &Belongings,
    caller: &Person,
    id: UnitId,
    split: SplitUnit,
) -> Result<(NaiveDate, Vec<UnitId>), Problem> {
    tree::lock_tree(tx).await?;
    store::hold(tx, id).await?;
    let life = living(tx, id).await?;
    let on = split.on.unwrap_or_else(|| tx.today());
    let parent_id = parent_on(&life, on);
    require_manager_of(tx, caller, &[parent_id]).await?;
    check_split(tx, belongings, caller, id, &life, &split, on).await?;
    let members: Vec<MemberId> = split.new_units.iter().flat_map(|part| part.member_ids.iter().copied()).collect();
    belongings.hold_for_split(tx, id, &members).await?;
    let kind = life.on(on).map_or(UnitKind::Other, |piece| piece.state.kind);
    let (mut ids, mut changed) = (Vec::new(), Vec::new());
    for part in split.new_units {
        let part_id = part.id.unwrap_or_default();
        let state = State { name: part.name, short_name: part.short_name, kind: part.kind.unwrap_or(kind), parent_id };
        tree::insert_unit(tx, part_id, &Timeline::new(state, on)).await?;
        for (child, before) in tree::timelines(tx, part.unit_ids.iter().copied()).await? {
            let mut after = before.clone();
            after.change(on, |state| &mut state.parent_id, &Some(part_id));
            tree::save_timeline(tx, child, &before, &after).await?;
        }
        belongings.split_off(tx, id, part_id, &part.member_ids, on).await?;
        let after = json!({"split_from": id, "on": on, "members": part.member_ids.len(), "unit_ids": part.unit_ids});
        record(tx, "create_unit", part_id, None, Some(after)).await?;
        changed.extend(part.unit_ids);
        ids.push(part_id);
    }
    tree::rebuild_closure(tx, &[ids.clone(), changed].concat(), on).await?;
    store::touch(tx, id).await?;
    record(tx, "split_unit", id, None, Some(json!({"new_unit_ids": ids, "on": on}))).await?;
    tx.after_commit(Effect::ForgetCallers);
    outbox::record(tx, Event::UnitSplit { unit_id: id, new_unit_ids: ids.clone(), on }).await?;
    Ok((on, ids))
}

/// Each member belongs to the unit on that day, each unit stands below it, and nobody goes to two places.
async fn check_split(
    tx: &Tx,
    belongings: &Belongings,
    caller: &Person,
    id: UnitId,
    life: &Timeline,
    split: &SplitUnit,
    on: NaiveDate,
) -> Result<(), Problem> {
    let mut faults = Faults::new();
    check_day(&mut faults, Fault::at("/on", FaultCode::InPast), caller, life, on, tx.today());
    // Whoever goes to a new part would be there only until the end that is planned for the old one.
    faults.add_if(life.on(on).is_some() && life.ends().is_some(), "/on", FaultCode::ChangePlanned);
    if let Some(parent) = parent_on(life, on)
        && !tree::timeline(tx, parent).await?.covers(on, NO_END)
    {
        // The new units have no end, so the one above them must have none either.
        faults.add(Fault::at("/on", FaultCode::EndsTooSoon));
    }
    let members: Vec<MemberId> = split.new_units.iter().flat_map(|part: &NewPart| part.member_ids.clone()).collect();
    let inside = belongings.members_in(tx, id, &members, on).await?;
    let below: HashSet<UnitId> = store::ids_below(tx, id, on).await?.into_iter().filter(|unit| *unit != id).collect();
    let (mut members, mut units) = (HashSet::new(), HashSet::new());
    for (place, part) in split.new_units.iter().enumerate() {
        for (number, member) in part.member_ids.iter().enumerate() {
            let pointer = format_args!("/new_units/{place}/member_ids/{number}");
            faults.add_if(!inside.contains(member), pointer, FaultCode::NoSuchThing);
            faults.add_if(!members.insert(*member), pointer, FaultCode::Duplicate);
        }
        for (number, unit) in part.unit_ids.iter().enumerate() {
            let pointer = format_args!("/new_units/{place}/unit_ids/{number}");
            faults.add_if(!below.contains(unit), pointer, FaultCode::NoSuchThing);
            faults.add_if(!units.insert(*unit), pointer, FaultCode::Duplicate);
        }
    }
    faults.or(())
}

fn parent_on(life: &Timeline, day: NaiveDate) -> Option<UnitId> {
    life.on(day).and_then(|piece| piece.state.parent_id)
}
