//! All SQL about comparing and repairing.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, IntoSimpleExpr as _, QueryFilter as _,
    QuerySelect as _, QueryTrait as _,
    sea_query::{Expr, ExprTrait as _, Func, OnConflict, Query, SelectStatement, SimpleExpr},
};

use super::{Compared, ComparedCheckin, Drift};
use crate::{
    campaigns::ledger::{
        entry::Figure,
        totals::{NO_PHASE, TotalKey},
    },
    db::{Tx, dialect, exact},
    entity::{checkin, ledger_entry, target_unit_total as total},
    kit::values::{PhaseId, Quantity, TargetId, Total, UnitId},
};

pub use crate::entity::checkin::CheckinStatus;

/// Every stored total and every check-in against the ledger.
pub async fn recount(db: &impl ConnectionTrait) -> Result<Vec<Drift>, DbErr> {
    let totals = compare(db, None).await?.into_iter().map(Drift::from);
    let checkins = wrong_checkins(db).await?.into_iter().map(Drift::from);
    Ok(totals.chain(checkins).collect())
}

/// How much of these totals' entries they have no room for, where they differ from them and that is anything.
pub async fn excess(db: &impl ConnectionTrait, keys: &BTreeSet<TotalKey>) -> Result<Vec<(TotalKey, Total)>, DbErr> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let compared = compare(db, Some(keys)).await?;
    let excess = compared.into_iter().map(|total| (total.key, total.excess()));
    Ok(excess.filter(|(_, excess)| *excess > Total::ZERO).collect())
}

/// Makes these totals what the ledger says, where they differ; gives how many did. Each is held first, in the order of every
/// change: whoever has posted to one of them is waited for, and whoever is going to waits, and then adds what is theirs. One
/// that has no room for its sum stays as it is.
pub async fn repair_totals(tx: &Tx, keys: &BTreeSet<TotalKey>) -> Result<u64, DbErr> {
    if keys.is_empty() {
        return Ok(0);
    }
    // One that is missing comes to be; one that is there stays as it is, and is held.
    let none = keys.iter().map(|key| row(*key, 0, 0));
    write(tx, none, |column| Expr::col((total::Entity, column))).await?;
    let wrong = compare(tx, Some(keys)).await?;
    let rows = wrong.iter().filter(|total| total.excess() == Total::ZERO).filter_map(|total| {
        let (reported, verified) = total.recounted;
        Some(row(total.key, reported.stored()?, verified.stored()?))
    });
    let rows: Vec<_> = rows.collect();
    let repaired = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    if repaired > 0 {
        write(tx, rows, |column| Expr::col(("excluded", column))).await?;
    }
    Ok(repaired)
}

fn row(key: TotalKey, reported: i64, verified: i64) -> total::ActiveModel {
    total::ActiveModel {
        target_id: Set(key.0),
        unit_id: Set(key.1),
        phase_id: Set(key.2),
        reported: Set(reported),
        verified: Set(verified),
    }
}

/// Writes these rows; where there is one, its figures become what `figure` says.
async fn write(
    tx: &Tx,
    rows: impl IntoIterator<Item = total::ActiveModel>,
    figure: impl Fn(total::Column) -> SimpleExpr,
) -> Result<(), DbErr> {
    let on_conflict = OnConflict::columns([total::Column::TargetId, total::Column::UnitId, total::Column::PhaseId])
        .value(total::Column::Reported, figure(total::Column::Reported))
        .value(total::Column::Verified, figure(total::Column::Verified))
        .to_owned();
    total::Entity::insert_many(rows).on_conflict(on_conflict).exec_without_returning(tx).await.map(|_rows| ())
}

/// The totals that differ from the sums of their entries: of these keys, or of all there are.
async fn compare(db: &impl ConnectionTrait, keys: Option<&BTreeSet<TotalKey>>) -> Result<Vec<Compared>, DbErr> {
    let mut recounted = sums(db, keys).await?;
    let mut wrong = Vec::new();
    for (key, stored) in stored(db, keys).await? {
        let recounted = recounted.remove(&key).unwrap_or_default();
        if recounted != stored {
            wrong.push(Compared { key, stored, recounted });
        }
    }
    let missing = recounted.into_iter().filter(|(_, sums)| *sums != Default::default());
    wrong.extend(missing.map(|(key, recounted)| Compared { key, stored: Default::default(), recounted }));
    Ok(wrong)
}

async fn sums(
    db: &impl ConnectionTrait,
    keys: Option<&BTreeSet<TotalKey>>,
) -> Result<HashMap<TotalKey, (Total, Total)>, DbErr> {
    use ledger_entry::{Column, Entity};
    let mut query = Entity::find()
        .select_only()
        .columns([Column::TargetId, Column::UnitId, Column::PhaseId, Column::Figure])
        .filter(Column::TargetId.is_not_null())
        .group_by(Column::TargetId)
        .group_by(Column::UnitId)
        .group_by(Column::PhaseId)
        .group_by(Column::Figure);
    if let Some(keys) = keys {
        let phase = Func::coalesce([Column::PhaseId.into_simple_expr(), Expr::val(NO_PHASE)]).into();
        query = query.filter(is_one_of(keys, Column::TargetId, Column::UnitId, &phase));
    }
    let query = exact::select_sum(query, Column::Delta.into_simple_expr(), "sum");
    let mut sums: HashMap<TotalKey, (Total, Total)> = HashMap::new();
    for row in db.query_all(&query.into_query()).await? {
        let phase: Option<PhaseId> = row.try_get("", "phase_id")?;
        let key = (row.try_get("", "target_id")?, row.try_get("", "unit_id")?, phase.unwrap_or(NO_PHASE));
        let (figures, sum) = (sums.entry(key).or_default(), exact::total(&row, "sum")?);
        match row.try_get("", "figure")? {
            Figure::Reported => figures.0 = sum,
            Figure::Verified => figures.1 = sum,
        }
    }
    Ok(sums)
}

async fn stored(
    db: &impl ConnectionTrait,
    keys: Option<&BTreeSet<TotalKey>>,
) -> Result<Vec<(TotalKey, (Total, Total))>, DbErr> {
    use total::{Column, Entity};
    let mut query = Entity::find()
        .select_only()
        .columns([Column::TargetId, Column::UnitId, Column::PhaseId])
        .column_as(dialect::as_integer(Column::Reported.into_simple_expr()), "reported")
        .column_as(dialect::as_integer(Column::Verified.into_simple_expr()), "verified");
    if let Some(keys) = keys {
        let phase = Column::PhaseId.into_simple_expr();
        query = query.filter(is_one_of(keys, Column::TargetId, Column::UnitId, &phase));
    }
    let rows: Vec<(TargetId, UnitId, PhaseId, i64, i64)> = query.into_tuple().all(db).await?;
    let total = |thousandths: i64| Total::from_thousandths(thousandths.into());
    let rows = rows
        .into_iter()
        .map(|(target, unit, phase, reported, verified)| ((target, unit, phase), (total(reported), total(verified))));
    Ok(rows.collect())
}

fn is_one_of<C: sea_orm::ColumnTrait>(
    keys: &BTreeSet<TotalKey>,
    target_id: C,
    unit_id: C,
    phase: &SimpleExpr,
) -> Condition {
    keys.iter().fold(Condition::any(), |any, (target, unit, of_phase)| {
        any.add(target_id.eq(*target).and(unit_id.eq(*unit)).and(phase.clone().eq(*of_phase)))
    })
}

/// The check-ins whose entries do not sum to what their states say.
async fn wrong_checkins(db: &impl ConnectionTrait) -> Result<Vec<ComparedCheckin>, DbErr> {
    let rows = db.query_all(&checkins_with_wrong_sums()).await?;
    let compared = rows.iter().map(|row| {
        Ok(ComparedCheckin {
            id: row.try_get("", "id")?,
            status: row.try_get("", "status")?,
            quantity: Quantity::from_thousandths(row.try_get("", "quantity")?),
            reported: exact::total(row, "reported")?,
            verified: exact::total(row, "verified")?,
        })
    });
    compared.collect()
}

fn checkins_with_wrong_sums() -> SelectStatement {
    let of_checkin = [checkin::Column::Id, checkin::Column::Status, checkin::Column::Quantity];
    let of_checkin = of_checkin.map(|column| (checkin::Entity, column));
    let mut query = Query::select()
        .columns(of_checkin)
        .from(checkin::Entity)
        .left_join(
            ledger_entry::Entity,
            Expr::col((ledger_entry::Entity, ledger_entry::Column::CheckinId))
                .equals((checkin::Entity, checkin::Column::Id)),
        )
        .group_by_columns(of_checkin)
        .to_owned();
    let mut is_wrong = Condition::any();
    let reported = vec![CheckinStatus::Submitted, CheckinStatus::Verified];
    for (figure, states) in [(Figure::Reported, reported), (Figure::Verified, vec![CheckinStatus::Verified])] {
        let of_figure = Expr::col((ledger_entry::Entity, ledger_entry::Column::Figure)).eq(figure);
        let delta = Expr::col((ledger_entry::Entity, ledger_entry::Column::Delta));
        let [high, low] = exact::sum_halves(Expr::case(of_figure, delta).finally(Expr::val(0_i64)).into());
        let is_counted = Expr::col((checkin::Entity, checkin::Column::Status)).is_in(states);
        let quantity = Expr::col((checkin::Entity, checkin::Column::Quantity));
        let [expected_high, expected_low] =
            exact::halves(Expr::case(is_counted, quantity).finally(Expr::val(0_i64)).into());
        is_wrong = is_wrong.add(high.clone().ne(expected_high)).add(low.clone().ne(expected_low));
        query.expr_as(high, format!("{}_high", figure)).expr_as(low, format!("{}_low", figure));
    }
    query.cond_having(is_wrong).to_owned()
}
