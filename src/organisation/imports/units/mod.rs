//! Rows of units: put in order, compared with what is there, written.

mod known;
mod order;
mod plan;
mod row;

use std::collections::HashSet;

use chrono::NaiveDate;
use uuid::Uuid;

pub use known::KnownUnits;
pub use order::in_order;
use plan::decide;
pub use plan::{Before, UnitDecision};
pub use row::UnitRow;

use super::{file::Headers, import::Earlier, reference::UnitReference};
use crate::{
    db::Tx,
    kit::{
        http::{Grant, Role},
        problems::Problem,
        values::{UnitId, text::fold},
    },
    organisation::units::{self, Unit},
};

/// How far the rights of whoever imports go, today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// An admin.
    Everywhere,
    /// A manager: these units and all below them.
    Below(Vec<UnitId>),
}

impl Reach {
    /// How far these roles go; none: nowhere.
    pub fn of(roles: &[Grant]) -> Option<Self> {
        if roles.iter().any(|grant| grant.role == Role::Admin) {
            return Some(Self::Everywhere);
        }
        let managed = roles.iter().filter(|grant| grant.role == Role::UnitManager);
        let roots: Vec<UnitId> = managed.filter_map(|grant| grant.unit_id).collect();
        (!roots.is_empty()).then_some(Self::Below(roots))
    }
}

/// A row with its place in the order of work, and with the unit that an earlier decision found it to be about: none while
/// there is no plan.
pub type Meant<'r> = (i32, &'r UnitRow, Option<Earlier>);

/// Decides about each of these rows; `before` learns what became of them.
pub async fn decide_all(
    tx: &Tx,
    reach: &Reach,
    headers: &Headers,
    rows: &[Meant<'_>],
    before: &mut Before,
) -> Result<Vec<UnitDecision>, Problem> {
    if rows.iter().any(|(.., earlier)| earlier.is_some()) {
        // About to be written: a move, a merge or an end is waited for, and what came of it is seen.
        units::lock_tree(tx).await?;
    }
    let known = find(tx, reach, rows, before).await?;
    let mut decided = Vec::with_capacity(rows.len());
    for (ordinal, row, earlier) in rows {
        let decision = decide(row, *earlier, headers, &known, before, tx.today());
        before.insert(*ordinal, (decision.outcome, decision.subject));
        decided.push(decision);
    }
    Ok(decided)
}

/// Writes what was decided: those above come first.
pub async fn write(tx: &Tx, decided: &[UnitDecision]) -> Result<(), Problem> {
    let (mut new, mut changed) = (Vec::new(), Vec::new());
    for (before, after) in decided.iter().filter_map(|decision| decision.work.as_ref()) {
        if before.is_none() { new.push(after) } else { changed.push(after) }
    }
    units::add(tx, &new).await?;
    units::revise(tx, &changed, tx.today()).await
}

async fn find(tx: &Tx, reach: &Reach, rows: &[Meant<'_>], before: &Before) -> Result<KnownUnits, Problem> {
    let mut ids: Vec<Uuid> = before.values().filter_map(|(_, subject)| *subject).collect();
    let mut codes = HashSet::new();
    let mut names = HashSet::new();
    for (_, row, earlier) in rows {
        ids.extend([row.id, row.parent.id, earlier.and_then(Earlier::known)].into_iter().flatten());
        codes.extend([&row.code, &row.parent.code, &row.parent.name].into_iter().flatten().cloned());
        names.insert(fold(&row.name));
        names.extend(row.parent.name.as_deref().map(fold));
    }
    let own_codes: Vec<String> = rows.iter().filter_map(|(_, row, _)| row.code.clone()).collect();
    let holders = units::code_holders(tx, &own_codes).await?;
    let found = find_on(tx, ids, codes, names, tx.today()).await?;
    let judged = found.iter().map(|unit| unit.id.0).collect();
    let permitted = permitted(tx, reach, judged, tx.today()).await?;
    let lives = units::spans(tx, found.iter().map(|unit| unit.id)).await?;
    Ok(KnownUnits::new(found, permitted).with_lives(lives).with_code_holders(holders))
}

/// The units that these speak of, and those above them.
pub async fn find_referenced(
    tx: &Tx,
    references: &HashSet<&UnitReference>,
    day: NaiveDate,
) -> Result<Vec<Unit>, Problem> {
    let ids = references.iter().filter_map(|reference| reference.id).collect();
    let codes = references.iter().flat_map(|reference| [&reference.code, &reference.name]).flatten().cloned().collect();
    let names = references.iter().filter_map(|reference| reference.name.as_deref()).map(fold).collect();
    find_on(tx, ids, codes, names, day).await
}

async fn find_on(
    tx: &Tx,
    ids: Vec<Uuid>,
    codes: HashSet<String>,
    names: HashSet<String>,
    day: NaiveDate,
) -> Result<Vec<Unit>, Problem> {
    let ids: Vec<UnitId> = ids.into_iter().map(UnitId).collect();
    let (codes, names): (Vec<String>, Vec<String>) = (codes.into_iter().collect(), names.into_iter().collect());
    let mut found = units::known_on(tx, &ids, &codes, &names, day).await?;
    let there: HashSet<UnitId> = found.iter().map(|unit| unit.id).collect();
    let above: HashSet<UnitId> =
        found.iter().filter_map(|unit| unit.parent_id).filter(|id| !there.contains(id)).collect();
    let above: Vec<UnitId> = above.into_iter().collect();
    found.extend(units::known_on(tx, &above, &[], &[], day).await?);
    Ok(found)
}

/// Those of these units that are within reach; none: all.
pub async fn permitted(
    tx: &Tx,
    reach: &Reach,
    judged: HashSet<Uuid>,
    day: NaiveDate,
) -> Result<Option<HashSet<Uuid>>, Problem> {
    let Reach::Below(roots) = reach else { return Ok(None) };
    let judged: Vec<UnitId> = judged.into_iter().map(UnitId).collect();
    let within = units::which_are_below(tx, &judged, roots, day).await?;
    Ok(Some(within.into_iter().map(|id| id.0).collect()))
}
