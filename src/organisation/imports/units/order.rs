//! The order of work: what stands above comes before what stands below, wherever both are in the file.

use std::collections::{HashMap, VecDeque};

use super::row::{ParentRow, UnitRow};
use crate::{
    kit::problems::FaultCode,
    organisation::imports::{
        RowFault,
        file::{Headers, name_key},
        staged::{Staged, StagedRow},
    },
};

/// A row with its number, or what is wrong with it.
type Read = (u32, Result<UnitRow, Vec<RowFault>>);

/// The rows in the order of work. A unit whose parent is in the file too learns of its place; rows in a circle are faulty.
pub fn in_order(mut rows: Vec<Read>, headers: &Headers) -> Vec<StagedRow> {
    let parents = find_parents(&mut rows, headers);
    let mut children: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut ready = VecDeque::new();
    for (place, parent) in parents.iter().enumerate() {
        match parent {
            Some(parent) => children.entry(*parent).or_default().push(place),
            None => ready.push_back(place),
        }
    }
    let mut ordinals: Vec<Option<i32>> = vec![None; rows.len()];
    let mut order = Vec::with_capacity(rows.len());
    while let Some(place) = ready.pop_front() {
        set_ordinal(&mut ordinals, place, &mut order);
        ready.extend(children.remove(&place).unwrap_or_default());
    }
    for place in 0..rows.len() {
        if ordinals.get(place).is_some_and(Option::is_none) {
            set_ordinal(&mut ordinals, place, &mut order);
            let column = rows.get(place).and_then(|(_, row)| row.as_ref().ok()).map(|row| row.parent.column());
            let column = column.and_then(|column| headers.name_of(column));
            if let Some((_, row)) = rows.get_mut(place) {
                *row = Err(vec![RowFault::new(column, FaultCode::Cycle)]);
            }
        }
    }
    let numbers: Vec<_> =
        rows.iter().map(|(number, row)| (*number, row.as_ref().ok().and_then(|row| row.since))).collect();
    let mut rows: Vec<Option<Read>> = rows.into_iter().map(Some).collect();
    let staged = order.into_iter().enumerate().filter_map(|(index, place)| {
        let (number, mut row) = rows.get_mut(place)?.take()?;
        if let (Ok(row), Some(Some(parent))) = (row.as_mut(), parents.get(place)) {
            let ordinal = ordinals.get(*parent).copied().flatten()?;
            let (number, since) = numbers.get(*parent).copied()?;
            row.parent.row = Some(ParentRow { ordinal, number, since });
        }
        Some(StagedRow {
            ordinal: i32::try_from(index.saturating_add(1)).unwrap_or(i32::MAX),
            number: i32::try_from(number).unwrap_or(i32::MAX),
            content: row.map_or_else(Staged::Faulty, Staged::Unit),
        })
    });
    staged.collect()
}

fn set_ordinal(ordinals: &mut [Option<i32>], place: usize, order: &mut Vec<usize>) {
    order.push(place);
    if let Some(ordinal) = ordinals.get_mut(place) {
        *ordinal = i32::try_from(order.len()).ok();
    }
}

/// Where in the file each row's parent is, if it is there. A name that several rows have makes the row faulty.
fn find_parents(rows: &mut [Read], headers: &Headers) -> Vec<Option<usize>> {
    let mut by_id = HashMap::new();
    let mut by_code = HashMap::new();
    let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
    for (place, (_, row)) in rows.iter().enumerate() {
        let Ok(row) = row else { continue };
        by_id.extend(row.id.map(|id| (id, place)));
        by_code.extend(row.code.clone().map(|code| (code, place)));
        by_name.entry(name_key(&row.name)).or_default().push(place);
    }
    let mut parents = Vec::with_capacity(rows.len());
    for (place, (_, read)) in rows.iter_mut().enumerate() {
        let Ok(row) = read else {
            parents.push(None);
            continue;
        };
        let parent = &row.parent;
        let named: Vec<usize> = match (&parent.id, &parent.code, &parent.name) {
            (Some(id), _, _) => by_id.get(id).copied().into_iter().collect(),
            (_, Some(code), _) => by_code.get(code).copied().into_iter().collect(),
            (_, _, Some(name)) => match by_code.get(name) {
                Some(coded) => vec![*coded],
                None => by_name.get(&name_key(name)).cloned().unwrap_or_default(),
            },
            _ => Vec::new(),
        };
        let column = headers.name_of(parent.column());
        match named.as_slice() {
            [] => parents.push(None),
            [one] => parents.push(Some(*one)),
            several if several.contains(&place) && several.len() == 2 => {
                parents.push(several.iter().copied().find(|other| *other != place));
            }
            _ => {
                *read = Err(vec![RowFault::new(column, FaultCode::Ambiguous)]);
                parents.push(None);
            }
        }
    }
    parents
}
