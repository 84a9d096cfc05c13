//! All SQL about the ledger, and the reading of its summary.

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, IntoSimpleExpr as _, QueryFilter as _, QueryResult,
    QuerySelect as _, QueryTrait as _,
};

use super::{
    entry::{Cause, Entry, Figure},
    totals::Totals,
};
use crate::{
    db::{Tx, exact},
    entity::{ledger_entry, target_unit_total as total},
    kit::values::{TargetId, Total, UnitId},
    organisation::units,
};

/// Appends entries and gathers what they change of the totals.
pub async fn post(tx: &Tx, totals: &mut Totals, entries: &[Entry], cause: Cause) -> Result<(), DbErr> {
    let rows: Vec<_> = entries
        .iter()
        .map(|entry| ledger_entry::ActiveModel {
            id: NotSet,
            checkin_id: Set(entry.place.checkin_id),
            commitment_id: Set(entry.place.commitment_id),
            target_id: Set(entry.place.target_id),
            unit_id: Set(entry.place.unit_id),
            member_id: Set(entry.place.member_id),
            phase_id: Set(entry.place.phase_id),
            day: Set(entry.place.day),
            figure: Set(entry.figure),
            delta: Set(entry.delta.thousandths()),
            cause: Set(cause),
            recorded_at: Set(tx.now()),
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    ledger_entry::Entity::insert_many(rows).exec_without_returning(tx).await?;
    entries.iter().for_each(|entry| totals.add(entry));
    Ok(())
}

/// Reported and verified of a target, by unit.
pub type UnitFigures = HashMap<(TargetId, UnitId), (Total, Total)>;

/// Which part of the figures: those of the days up to one, those of a unit and of all below it on a day.
#[derive(Clone, Copy, Debug, Default)]
pub struct Part {
    /// Only what happened on this day or before; none: all.
    pub until: Option<NaiveDate>,
    /// Only what counts for this unit or for one below it on that day; none: all.
    pub below: Option<(UnitId, NaiveDate)>,
}

/// What these targets had come to, by unit: for all days from the summary, up to a day from the ledger itself.
pub async fn totals_in(db: &impl ConnectionTrait, targets: &[TargetId], part: Part) -> Result<UnitFigures, DbErr> {
    match part.until {
        Some(day) => totals_until(db, targets, day, part.below).await,
        None => totals_below(db, targets, part.below).await,
    }
}

async fn totals_until(
    db: &impl ConnectionTrait,
    targets: &[TargetId],
    day: NaiveDate,
    below: Option<(UnitId, NaiveDate)>,
) -> Result<UnitFigures, DbErr> {
    let mut query = ledger_entry::Entity::find()
        .select_only()
        .column(ledger_entry::Column::TargetId)
        .column(ledger_entry::Column::UnitId)
        .column(ledger_entry::Column::Figure)
        .filter(ledger_entry::Column::TargetId.is_in(targets.iter().copied()))
        .filter(ledger_entry::Column::Day.lte(day))
        .group_by(ledger_entry::Column::TargetId)
        .group_by(ledger_entry::Column::UnitId)
        .group_by(ledger_entry::Column::Figure);
    if let Some((unit, day)) = below {
        query = query.filter(ledger_entry::Column::UnitId.in_subquery(units::below(&[unit], day)));
    }
    let query = exact::select_sum(query, ledger_entry::Column::Delta.into_simple_expr(), "total");
    let mut figures = UnitFigures::new();
    for row in db.query_all(&query.into_query()).await? {
        let (sums, total) = (figures.entry(key_of(&row)?).or_default(), exact::total(&row, "total")?);
        match row.try_get("", "figure")? {
            Figure::Reported => sums.0 = total,
            Figure::Verified => sums.1 = total,
        }
    }
    // What was taken back entirely is no figure.
    figures.retain(|_, sums| *sums != (Total::ZERO, Total::ZERO));
    Ok(figures)
}

/// The totals of these targets, by unit.
pub async fn totals_of(db: &impl ConnectionTrait, targets: &[TargetId]) -> Result<UnitFigures, DbErr> {
    totals_below(db, targets, None).await
}

async fn totals_below(
    db: &impl ConnectionTrait,
    targets: &[TargetId],
    below: Option<(UnitId, NaiveDate)>,
) -> Result<UnitFigures, DbErr> {
    let mut query = total::Entity::find().filter(total::Column::TargetId.is_in(targets.iter().copied()));
    if let Some((unit, day)) = below {
        query = query.filter(total::Column::UnitId.in_subquery(units::below(&[unit], day)));
    }
    let query = query
        .select_only()
        .column(total::Column::TargetId)
        .column(total::Column::UnitId)
        .group_by(total::Column::TargetId)
        .group_by(total::Column::UnitId);
    let query = exact::select_sum(query, total::Column::Reported.into_simple_expr(), "reported");
    let query = exact::select_sum(query, total::Column::Verified.into_simple_expr(), "verified");
    let rows = db.query_all(&query.into_query()).await?;
    let figures = rows.iter().map(|row| {
        let sums = (exact::total(row, "reported")?, exact::total(row, "verified")?);
        Ok((key_of(row)?, sums))
    });
    figures.collect()
}

fn key_of(row: &QueryResult) -> Result<(TargetId, UnitId), DbErr> {
    Ok((row.try_get("", "target_id")?, row.try_get("", "unit_id")?))
}
