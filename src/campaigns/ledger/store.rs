//! All SQL about the ledger and its summary.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, FromQueryResult, QueryFilter as _,
    QuerySelect as _,
    sea_query::{Expr, ExprTrait as _, Func, OnConflict, Query, SimpleExpr},
};
use uuid::Uuid;

use super::entry::{Cause, Entry, Figure};
use crate::{
    db::{Tx, dialect},
    entity::{checkin, ledger_entry, target_unit_total as total},
    kit::{
        ids::{PledgeId, TargetId, UnitId},
        quantity::Quantity,
    },
    organisation::units,
};

/// Differences of totals, gathered so that each row is touched once, in the order of their keys: no deadlock.
#[derive(Debug, Default)]
pub struct Totals(BTreeMap<TotalKey, (Quantity, Quantity)>);

impl Totals {
    fn add(&mut self, entry: &Entry) {
        let Some(target) = entry.place.target_id else { return };
        let phase = entry.place.phase_id.map_or_else(Uuid::nil, |phase| phase.0);
        let sums = self.0.entry((target.0, entry.place.unit_id.0, phase)).or_default();
        match entry.figure {
            Figure::Reported => sums.0 = sums.0 + entry.delta,
            Figure::Verified => sums.1 = sums.1 + entry.delta,
        }
    }

    /// These and those.
    pub fn merge(&mut self, other: Self) {
        for (key, (reported, verified)) in other.0 {
            let sums = self.0.entry(key).or_default();
            *sums = (sums.0 + reported, sums.1 + verified);
        }
    }

    /// Writes them. The last thing that a change does: other changes of the same totals wait from here to its end.
    pub async fn write(self, tx: &Tx) -> Result<(), DbErr> {
        for ((target, unit, phase), (reported, verified)) in self.0 {
            let row = total::ActiveModel {
                target_id: Set(target),
                unit_id: Set(unit),
                phase_id: Set(phase),
                reported: Set(reported.thousandths()),
                verified: Set(verified.thousandths()),
            };
            let add = |column: total::Column| -> SimpleExpr {
                Expr::col((total::Entity, column)).add(Expr::col(("excluded", column)))
            };
            let on_conflict =
                OnConflict::columns([total::Column::TargetId, total::Column::UnitId, total::Column::PhaseId])
                    .value(total::Column::Reported, add(total::Column::Reported))
                    .value(total::Column::Verified, add(total::Column::Verified))
                    .to_owned();
            total::Entity::insert(row).on_conflict(on_conflict).exec_without_returning(tx).await?;
        }
        Ok(())
    }
}

/// Appends entries and gathers what they change of the totals.
pub async fn post(tx: &Tx, totals: &mut Totals, entries: &[Entry], cause: Cause) -> Result<(), DbErr> {
    let rows: Vec<_> = entries
        .iter()
        .map(|entry| ledger_entry::ActiveModel {
            id: NotSet,
            checkin_id: Set(entry.place.checkin_id.0),
            commitment_id: Set(entry.place.commitment_id.0),
            target_id: Set(entry.place.target_id.map(|target| target.0)),
            unit_id: Set(entry.place.unit_id.0),
            member_id: Set(entry.place.member_id.0),
            phase_id: Set(entry.place.phase_id.map(|phase| phase.0)),
            day: Set(entry.place.day),
            figure: Set(entry.figure.name().to_owned()),
            delta: Set(entry.delta.thousandths()),
            cause: Set(cause.name().to_owned()),
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
pub type UnitFigures = HashMap<(TargetId, UnitId), (Quantity, Quantity)>;

#[derive(FromQueryResult)]
struct Sums {
    target_id: Uuid,
    unit_id: Uuid,
    reported: i64,
    verified: i64,
}

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
        .column_as(dialect::sum(Expr::col(ledger_entry::Column::Delta)), "total")
        .filter(ledger_entry::Column::TargetId.is_in(targets.iter().map(|target| target.0)))
        .filter(ledger_entry::Column::Day.lte(day))
        .group_by(ledger_entry::Column::TargetId)
        .group_by(ledger_entry::Column::UnitId)
        .group_by(ledger_entry::Column::Figure);
    if let Some((unit, day)) = below {
        query = query.filter(ledger_entry::Column::UnitId.in_subquery(units::below(&[unit], day)));
    }
    let rows: Vec<(Uuid, Uuid, String, i64)> = query.into_tuple().all(db).await?;
    let mut figures = UnitFigures::new();
    for (target, unit, figure, total) in rows {
        let sums = figures.entry((TargetId(target), UnitId(unit))).or_default();
        let total = Quantity::from_thousandths(total);
        if figure == Figure::Verified.name() { sums.1 = total } else { sums.0 = total }
    }
    // What was taken back entirely is no figure.
    figures.retain(|_, sums| *sums != (Quantity::ZERO, Quantity::ZERO));
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
    let mut query = total::Entity::find().filter(total::Column::TargetId.is_in(targets.iter().map(|target| target.0)));
    if let Some((unit, day)) = below {
        query = query.filter(total::Column::UnitId.in_subquery(units::below(&[unit], day)));
    }
    let rows: Vec<Sums> = query
        .select_only()
        .column(total::Column::TargetId)
        .column(total::Column::UnitId)
        .column_as(dialect::sum(Expr::col(total::Column::Reported)), "reported")
        .column_as(dialect::sum(Expr::col(total::Column::Verified)), "verified")
        .group_by(total::Column::TargetId)
        .group_by(total::Column::UnitId)
        .into_model()
        .all(db)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let figures = (Quantity::from_thousandths(row.reported), Quantity::from_thousandths(row.verified));
            ((TargetId(row.target_id), UnitId(row.unit_id)), figures)
        })
        .collect())
}

/// A stored figure that a recount from the ledger does not confirm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// What it is a figure of.
    pub of: Derived,
    /// Which figure.
    pub figure: String,
    /// What is stored.
    pub stored: String,
    /// What it should be.
    pub recounted: String,
}

/// What is derived from the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Derived {
    /// A total, kept for speed.
    Total(TotalKey),
    /// Where a pledge stands.
    Standing(PledgeId),
    /// A check-in. The ledger stands for it and contradicts it: only a person can decide which is right.
    Checkin(Uuid),
}

#[derive(FromQueryResult)]
struct KeyedSum {
    target_id: Uuid,
    unit_id: Uuid,
    phase_id: Option<Uuid>,
    figure: String,
    total: i64,
}

/// Every stored total against the ledger.
pub async fn recount(db: &impl ConnectionTrait) -> Result<Vec<Drift>, DbErr> {
    let mut drifts = recount_totals(db).await?;
    drifts.extend(recount_checkins(db).await?);
    Ok(drifts)
}

async fn recount_totals(db: &impl ConnectionTrait) -> Result<Vec<Drift>, DbErr> {
    let sums: Vec<KeyedSum> = ledger_entry::Entity::find()
        .select_only()
        .column(ledger_entry::Column::TargetId)
        .column(ledger_entry::Column::UnitId)
        .column(ledger_entry::Column::PhaseId)
        .column(ledger_entry::Column::Figure)
        .column_as(dialect::sum(Expr::col(ledger_entry::Column::Delta)), "total")
        .filter(ledger_entry::Column::TargetId.is_not_null())
        .group_by(ledger_entry::Column::TargetId)
        .group_by(ledger_entry::Column::UnitId)
        .group_by(ledger_entry::Column::PhaseId)
        .group_by(ledger_entry::Column::Figure)
        .into_model()
        .all(db)
        .await?;
    let mut expected: HashMap<TotalKey, (i64, i64)> = HashMap::new();
    for sum in sums {
        let figures = expected.entry((sum.target_id, sum.unit_id, sum.phase_id.unwrap_or_default())).or_default();
        if sum.figure == Figure::Verified.name() { figures.1 = sum.total } else { figures.0 = sum.total }
    }
    let mut drifts = Vec::new();
    for row in total::Entity::find().all(db).await? {
        let should = expected.remove(&(row.target_id, row.unit_id, row.phase_id)).unwrap_or_default();
        if should != (row.reported, row.verified) {
            let key = (row.target_id, row.unit_id, row.phase_id);
            drifts.push(drift_of(key, (row.reported, row.verified), should));
        }
    }
    let missing = expected.into_iter().filter(|(_, should)| *should != (0, 0));
    drifts.extend(missing.map(|(key, should)| drift_of(key, (0, 0), should)));
    Ok(drifts)
}

/// Which total: of a target, in a unit, in a phase (nil: outside every phase).
pub type TotalKey = (Uuid, Uuid, Uuid);

/// Makes these totals what the ledger says, where they differ; gives how many did. Each is held first, in the order of every
/// change: whoever has posted to one of them is waited for, and whoever is going to waits, and then adds what is theirs.
pub async fn repair_totals(tx: &Tx, keys: &BTreeSet<TotalKey>) -> Result<u64, DbErr> {
    if keys.is_empty() {
        return Ok(0);
    }
    let rows = keys.iter().map(|(target, unit, phase)| total::ActiveModel {
        target_id: Set(*target),
        unit_id: Set(*unit),
        phase_id: Set(*phase),
        reported: Set(0),
        verified: Set(0),
    });
    // One that is missing comes to be; one that is there stays as it is, and is held.
    let hold = OnConflict::columns([total::Column::TargetId, total::Column::UnitId, total::Column::PhaseId])
        .value(total::Column::Reported, Expr::col((total::Entity, total::Column::Reported)))
        .to_owned();
    total::Entity::insert_many(rows).on_conflict(hold).exec_without_returning(tx).await?;
    let these = keys.iter().fold(Condition::any(), |any, (target, unit, phase)| {
        let this = total::Column::TargetId.eq(*target);
        any.add(this.and(total::Column::UnitId.eq(*unit)).and(total::Column::PhaseId.eq(*phase)))
    });
    let (reported, verified) = (summed_up(Figure::Reported), summed_up(Figure::Verified));
    let differs = Condition::any()
        .add(dialect::differs(Expr::col((total::Entity, total::Column::Reported)), reported.clone()))
        .add(dialect::differs(Expr::col((total::Entity, total::Column::Verified)), verified.clone()));
    let repaired = total::Entity::update_many()
        .col_expr(total::Column::Reported, reported)
        .col_expr(total::Column::Verified, verified)
        .filter(these)
        .filter(differs)
        .exec(tx)
        .await?;
    Ok(repaired.rows_affected)
}

/// What the ledger says of a figure of the total at hand.
fn summed_up(figure: Figure) -> SimpleExpr {
    let entry = |column: ledger_entry::Column| Expr::col((ledger_entry::Entity, column));
    let phase: SimpleExpr = Func::coalesce([entry(ledger_entry::Column::PhaseId), Expr::val(Uuid::nil())]).into();
    let sum = Query::select()
        .expr(dialect::sum(entry(ledger_entry::Column::Delta)))
        .from(ledger_entry::Entity)
        .and_where(entry(ledger_entry::Column::TargetId).equals((total::Entity, total::Column::TargetId)))
        .and_where(entry(ledger_entry::Column::UnitId).equals((total::Entity, total::Column::UnitId)))
        .and_where(phase.eq(Expr::col((total::Entity, total::Column::PhaseId))))
        .and_where(entry(ledger_entry::Column::Figure).eq(figure.name()))
        .to_owned();
    sum.into()
}

fn drift_of(key: TotalKey, stored: (i64, i64), recounted: (i64, i64)) -> Drift {
    let text = |(reported, verified): (i64, i64)| {
        format!("reported {}, verified {}", Quantity::from_thousandths(reported), Quantity::from_thousandths(verified))
    };
    let figure = format!("target {} of unit {}", key.0, key.1);
    Drift { of: Derived::Total(key), figure, stored: text(stored), recounted: text(recounted) }
}

#[derive(FromQueryResult)]
struct CheckinSum {
    id: Uuid,
    status: String,
    quantity: i64,
    reported: i64,
    verified: i64,
}

/// Every check-in whose entries do not sum to what its state says.
async fn recount_checkins(db: &impl ConnectionTrait) -> Result<Vec<Drift>, DbErr> {
    let rows = db.query_all(&checkins_with_wrong_sums()).await?;
    let sums = rows.iter().map(|row| CheckinSum::from_query_result(row, "")).collect::<Result<Vec<_>, _>>()?;
    Ok(sums
        .into_iter()
        .map(|sum| {
            let quantity = Quantity::from_thousandths(sum.quantity);
            let (reported, verified) =
                (Quantity::from_thousandths(sum.reported), Quantity::from_thousandths(sum.verified));
            Drift {
                of: Derived::Checkin(sum.id),
                figure: format!("check-in {}", sum.id),
                stored: format!("{} with {quantity}", sum.status),
                recounted: format!("reported {reported}, verified {verified}"),
            }
        })
        .collect())
}

fn checkins_with_wrong_sums() -> sea_orm::sea_query::SelectStatement {
    let summed = |figure: Figure| {
        let delta = Expr::col((ledger_entry::Entity, ledger_entry::Column::Delta));
        let of_figure = Expr::col((ledger_entry::Entity, ledger_entry::Column::Figure)).eq(figure.name());
        dialect::sum(Expr::case(of_figure, delta).finally(Expr::val(0_i64)).into())
    };
    let states = |names: &[&str]| {
        let is_counted = Expr::col((checkin::Entity, checkin::Column::Status)).is_in(names.iter().copied());
        Expr::case(is_counted, Expr::col((checkin::Entity, checkin::Column::Quantity))).finally(Expr::val(0_i64))
    };
    sea_orm::sea_query::Query::select()
        .columns([
            (checkin::Entity, checkin::Column::Id),
            (checkin::Entity, checkin::Column::Status),
            (checkin::Entity, checkin::Column::Quantity),
        ])
        .expr_as(summed(Figure::Reported), "reported")
        .expr_as(summed(Figure::Verified), "verified")
        .from(checkin::Entity)
        .left_join(
            ledger_entry::Entity,
            Expr::col((ledger_entry::Entity, ledger_entry::Column::CheckinId))
                .equals((checkin::Entity, checkin::Column::Id)),
        )
        .group_by_columns([
            (checkin::Entity, checkin::Column::Id),
            (checkin::Entity, checkin::Column::Status),
            (checkin::Entity, checkin::Column::Quantity),
        ])
        .cond_having(
            sea_orm::Condition::any()
                .add(summed(Figure::Reported).ne(states(&["submitted", "verified"])))
                .add(summed(Figure::Verified).ne(states(&["verified"]))),
        )
        .to_owned()
}
