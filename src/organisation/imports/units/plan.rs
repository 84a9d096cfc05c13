//! What is to become of a unit's row, by what is there.

use std::collections::HashMap;

use chrono::NaiveDate;
use uuid::Uuid;

use super::{known::KnownUnits, row::UnitRow};
use crate::{
    kit::{
        problems::FaultCode,
        values::{UnitId, clock::NO_END},
    },
    organisation::{
        imports::{
            RowFault,
            file::{Column, Headers, kind_by_name},
            import::{Earlier, Outcome},
            reference::UnitReference,
        },
        units::Unit,
    },
};

/// What is to become of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitDecision {
    /// In a word.
    pub outcome: Outcome,
    /// Which unit it is about.
    pub subject: Option<Uuid>,
    /// By which column it was found.
    pub found_by: Column,
    /// Why it is left out.
    pub faults: Vec<RowFault>,
    /// The unit as it is, and as it is to be.
    pub work: Option<(Option<Unit>, Unit)>,
}

/// What became of the rows before, by their places in the order of work.
pub type Before = HashMap<i32, (Outcome, Option<Uuid>)>;

/// Decides about a row. What was there when the plan was made and is not any more is a conflict; so is what was not there
/// then, unless nothing about it is to change.
pub fn decide(
    row: &UnitRow,
    earlier: Option<Earlier>,
    headers: &Headers,
    known: &KnownUnits,
    before: &Before,
    today: NaiveDate,
) -> UnitDecision {
    let refuse = |fault: RowFault, column: Column| UnitDecision {
        outcome: Outcome::Refuse,
        subject: None,
        found_by: column,
        faults: vec![fault],
        work: None,
    };
    let fault = |column: Column, code: FaultCode| RowFault::new(headers.name_of(column), code);
    let parent = match parent_of(row, known, before) {
        Ok(parent) => parent,
        Err(code) => {
            let column = row.parent.column();
            let number = row.parent.row.map(|row| row.number).unwrap_or_default();
            return refuse(fault(column, code).with("row", number), column);
        }
    };
    let (unit, found_by) = match which(row, earlier, parent, known) {
        Ok(found) => found,
        Err((column, code)) => return refuse(fault(column, code), column),
    };
    if let Some(unit) = unit {
        if !known.is_permitted(unit.id.0) {
            return refuse(fault(found_by, FaultCode::NotPermitted), found_by);
        }
        return match changed(row, unit, parent, known) {
            Ok(after) if after == *unit => UnitDecision {
                outcome: Outcome::Keep,
                subject: Some(unit.id.0),
                found_by,
                faults: Vec::new(),
                work: None,
            },
            Ok(_) if earlier.and_then(Earlier::to_be_made).is_some() => {
                refuse(fault(found_by, FaultCode::Taken), found_by)
            }
            Ok(after) => UnitDecision {
                outcome: Outcome::Change,
                subject: Some(unit.id.0),
                found_by,
                faults: Vec::new(),
                work: Some((Some(unit.clone()), after)),
            },
            Err((column, code)) => refuse(fault(column, code), column),
        };
    }
    let valid_from = row.since.unwrap_or(today);
    if valid_from < today && !known.is_everywhere() {
        return refuse(fault(Column::Since, FaultCode::InPast), Column::Since);
    }
    match parent {
        None if !known.is_everywhere() => {
            return refuse(fault(Column::Parent, FaultCode::NotPermitted), Column::Parent);
        }
        Some(parent) => {
            // One that this file makes is not known yet; its own row was permitted.
            let known_parent = known.get(parent);
            if known_parent.is_some() && !known.is_permitted(parent) {
                return refuse(fault(row.parent.column(), FaultCode::NotPermitted), row.parent.column());
            }
            if known_parent.is_some() && !known.is_open(parent) {
                return refuse(fault(row.parent.column(), FaultCode::EndsTooSoon), row.parent.column());
            }
            let in_file = || row.parent.row.and_then(|row| row.since).unwrap_or(today);
            let since = known.begins(parent).unwrap_or_else(in_file);
            if valid_from < since {
                return refuse(fault(Column::Since, FaultCode::BeforeUnitAbove), Column::Since);
            }
        }
        None => {}
    }
    let id = earlier.and_then(Earlier::to_be_made).unwrap_or_else(|| UnitId::new().0);
    let new = Unit {
        id: UnitId(id),
        kind: row.kind.unwrap_or_else(|| kind_by_name(&row.name)),
        code: row.code.clone(),
        name: row.name.clone(),
        short_name: row.short_name.clone(),
        parent_id: parent.map(UnitId),
        valid_from,
        valid_to: NO_END,
        version: 1,
    };
    UnitDecision { outcome: Outcome::Create, subject: Some(id), found_by, faults: Vec::new(), work: Some((None, new)) }
}

fn parent_of(row: &UnitRow, known: &KnownUnits, before: &Before) -> Result<Option<Uuid>, FaultCode> {
    if let Some(parent_row) = row.parent.row {
        return match before.get(&parent_row.ordinal) {
            // One that this file makes may not be there yet.
            Some((Outcome::Create, Some(parent))) => Ok(Some(*parent)),
            Some((Outcome::Change | Outcome::Keep, Some(parent))) if known.get(*parent).is_some() => Ok(Some(*parent)),
            Some((Outcome::Change | Outcome::Keep, Some(_))) => Err(FaultCode::NoSuchThing),
            _ => Err(FaultCode::RowLeftOut),
        };
    }
    if row.parent.is_empty() {
        return Ok(None);
    }
    let parent = &row.parent;
    let meant = UnitReference { id: parent.id, code: parent.code.clone(), name: parent.name.clone(), parent: None };
    known.resolve(&meant).map(Some)
}

type Which<'k> = Result<(Option<&'k Unit>, Column), (Column, FaultCode)>;

/// Which unit a row is about: by id, else by code, else by name under its parent. A unit without a code may get one so.
fn which<'k>(row: &UnitRow, earlier: Option<Earlier>, parent: Option<Uuid>, known: &'k KnownUnits) -> Which<'k> {
    if let Some(id) = earlier.and_then(Earlier::known) {
        let unit = known.get(id).ok_or((Column::Name, FaultCode::NoSuchThing))?;
        return Ok((Some(unit), Column::Name));
    }
    let coded = row.code.as_deref().and_then(|code| known.code_holder(code));
    if let Some(id) = row.id {
        let unit = known.get(id).ok_or((Column::Id, FaultCode::NoSuchThing))?;
        let is_taken = coded.is_some_and(|other| other != id);
        return if is_taken { Err((Column::Code, FaultCode::Taken)) } else { Ok((Some(unit), Column::Id)) };
    }
    if let Some(id) = coded {
        // One that has ended or begins later keeps its code.
        let unit = known.get(id).ok_or((Column::Code, FaultCode::Taken))?;
        return Ok((Some(unit), Column::Code));
    }
    let namesakes: Vec<&Unit> = known
        .named_exactly(&row.name)
        .into_iter()
        .filter_map(|id| known.get(id))
        .filter(|unit| row.parent.is_empty() || unit.parent_id.map(|parent| parent.0) == parent)
        .filter(|unit| row.code.is_none() || unit.code.is_none())
        .collect();
    match namesakes.as_slice() {
        [] => Ok((None, Column::Name)),
        [one] => Ok((Some(*one), Column::Name)),
        _ => Err((Column::Name, FaultCode::Ambiguous)),
    }
}

fn changed(row: &UnitRow, unit: &Unit, parent: Option<Uuid>, known: &KnownUnits) -> Result<Unit, (Column, FaultCode)> {
    if !row.parent.is_empty() && unit.parent_id.map(|parent| parent.0) != parent {
        return Err((row.parent.column(), FaultCode::WouldMove));
    }
    if row.code.as_deref().and_then(|code| known.code_holder(code)).is_some_and(|other| other != unit.id.0) {
        return Err((Column::Code, FaultCode::Taken));
    }
    Ok(Unit {
        kind: row.kind.unwrap_or(unit.kind),
        code: row.code.clone().or_else(|| unit.code.clone()),
        name: row.name.clone(),
        short_name: row.short_name.clone().or_else(|| unit.short_name.clone()),
        ..unit.clone()
    })
}
