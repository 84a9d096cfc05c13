//! All SQL about units.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, QueryTrait as _,
    sea_query::{Expr, LockType, SelectStatement, SimpleExpr},
};
use uuid::Uuid;

use super::{Unit, UnitKind, UnitRef, wire::UnitFilter};
use crate::{
    db::{Tx, dialect},
    entity::{unit, unit_closure, unit_version},
    kit::{
        http::Page,
        values::{UnitId, text::fold},
    },
};

/// Where a list of units goes on.
pub type UnitKey = (String, UnitId);

/// A condition on a period's two columns: it holds on `day`.
pub fn within<C: sea_orm::ColumnTrait>(from: C, to: C, day: NaiveDate) -> Condition {
    Condition::all().add(from.lte(day)).add(to.gt(day))
}

/// The later one of this column and `day`: when something ends on `day` that begins with the column.
pub fn no_earlier_than<C: sea_orm::ColumnTrait>(column: C, day: NaiveDate) -> SimpleExpr {
    Expr::case(column.gt(day), Expr::col(column)).finally(Expr::value(day)).into()
}

/// The ids of these units and of all below them on `day`, as a subquery.
pub fn below(roots: &[UnitId], day: NaiveDate) -> SelectStatement {
    unit_closure::Entity::find()
        .select_only()
        .column(unit_closure::Column::DescendantId)
        .filter(unit_closure::Column::AncestorId.is_in(roots.iter().map(|root| root.0)))
        .filter(within(unit_closure::Column::ValidFrom, unit_closure::Column::ValidTo, day))
        .into_query()
}

/// The ids of these units and of all above them on `day`, as a subquery.
pub fn above(units: &[UnitId], day: NaiveDate) -> SelectStatement {
    unit_closure::Entity::find()
        .select_only()
        .column(unit_closure::Column::AncestorId)
        .filter(unit_closure::Column::DescendantId.is_in(units.iter().map(|unit| unit.0)))
        .filter(within(unit_closure::Column::ValidFrom, unit_closure::Column::ValidTo, day))
        .into_query()
}

/// The ids of the units that have ended and whose history these units, or those above them, carry on on `day`, as a subquery.
/// What was meant for a unit that is no more is meant for those who carry it on.
pub fn resting_under(units: &[UnitId], day: NaiveDate) -> SelectStatement {
    resting(unit_closure::Column::AncestorId.in_subquery(above(units, day)), day)
}

/// These units, and those that have ended and whose history they carry on on `day`: what belongs to any of them belongs to
/// these.
pub async fn with_resting(db: &impl ConnectionTrait, units: &[UnitId], day: NaiveDate) -> Result<Vec<Uuid>, DbErr> {
    let mut all: Vec<Uuid> = units.iter().map(|unit| unit.0).collect();
    if all.is_empty() {
        return Ok(all);
    }
    let resting = resting(unit_closure::Column::AncestorId.is_in(all.iter().copied()), day);
    for row in db.query_all(&resting).await? {
        all.push(row.try_get_by_index(0)?);
    }
    Ok(all)
}

/// The ids of the units that have ended and are carried on on `day` by those that fit, as a subquery.
fn resting(carrier_fits: Expr, day: NaiveDate) -> SelectStatement {
    let ended =
        || unit::Entity::find().select_only().column(unit::Column::Id).filter(unit::Column::SuccessorId.is_not_null());
    let still_there = unit_version::Entity::find()
        .select_only()
        .column(unit_version::Column::UnitId)
        .filter(unit_version::Column::UnitId.in_subquery(ended().into_query()))
        .filter(within(unit_version::Column::ValidFrom, unit_version::Column::ValidTo, day))
        .into_query();
    unit_closure::Entity::find()
        .select_only()
        .column(unit_closure::Column::DescendantId)
        .filter(unit_closure::Column::DescendantId.in_subquery(ended().into_query()))
        .filter(unit_closure::Column::DescendantId.not_in_subquery(still_there))
        .filter(carrier_fits)
        .filter(unit_closure::Column::Depth.eq(1))
        .filter(within(unit_closure::Column::ValidFrom, unit_closure::Column::ValidTo, day))
        .into_query()
}

/// Is `unit` one of `roots` or below one of them on `day`?
pub async fn is_below_any(
    db: &impl ConnectionTrait,
    unit: UnitId,
    roots: &[UnitId],
    day: NaiveDate,
) -> Result<bool, DbErr> {
    if roots.is_empty() {
        return Ok(false);
    }
    let row = unit_closure::Entity::find()
        .filter(unit_closure::Column::DescendantId.eq(unit.0))
        .filter(unit_closure::Column::AncestorId.is_in(roots.iter().map(|root| root.0)))
        .filter(within(unit_closure::Column::ValidFrom, unit_closure::Column::ValidTo, day))
        .one(db)
        .await?;
    Ok(row.is_some())
}

/// Is there such a unit on `day`?
pub async fn exists_on(db: &impl ConnectionTrait, unit: UnitId, day: NaiveDate) -> Result<bool, DbErr> {
    Ok(find_on(db, unit, day).await?.is_some())
}

/// The unit as it was on `day`.
pub async fn find_on(db: &impl ConnectionTrait, id: UnitId, day: NaiveDate) -> Result<Option<Unit>, DbErr> {
    let version = unit_version::Entity::find()
        .filter(unit_version::Column::UnitId.eq(id.0))
        .filter(within(unit_version::Column::ValidFrom, unit_version::Column::ValidTo, day))
        .one(db)
        .await?;
    let Some(version) = version else { return Ok(None) };
    Ok(joined(db, vec![version]).await?.into_iter().next())
}

/// A page of the units of `day`, by name.
pub async fn page_on(
    db: &impl ConnectionTrait,
    filter: &UnitFilter,
    day: NaiveDate,
    page: &Page<UnitKey>,
) -> Result<Vec<Unit>, DbErr> {
    let mut query = unit_version::Entity::find()
        .filter(within(unit_version::Column::ValidFrom, unit_version::Column::ValidTo, day))
        .order_by_asc(unit_version::Column::FoldedName)
        .order_by_asc(unit_version::Column::UnitId)
        .limit(page.fetch());
    if let Some(parent) = filter.parent_id {
        query = query.filter(unit_version::Column::ParentId.eq(parent.0));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(unit_version::Column::Kind.eq(kind.name()));
    }
    if let Some(words) = &filter.q {
        query = query.filter(dialect::contains_words(unit_version::Column::FoldedName, &fold(words)));
    }
    if let Some((name, id)) = &page.after {
        let key = Expr::tuple([Expr::col(unit_version::Column::FoldedName), Expr::col(unit_version::Column::UnitId)]);
        query = query.filter(key.gt(Expr::tuple([Expr::val(name.as_str()), Expr::val(id.0)])));
    }
    let versions = query.all(db).await?;
    joined(db, versions).await
}

/// How the name of a unit sorts and is found.
pub fn key_of(unit: &Unit) -> UnitKey {
    (fold(&unit.name), unit.id)
}

async fn joined(db: &impl ConnectionTrait, versions: Vec<unit_version::Model>) -> Result<Vec<Unit>, DbErr> {
    let ids: Vec<Uuid> = versions.iter().map(|version| version.unit_id).collect();
    let units = unit::Entity::find().filter(unit::Column::Id.is_in(ids.iter().copied())).all(db).await?;
    let units: HashMap<Uuid, unit::Model> = units.into_iter().map(|unit| (unit.id, unit)).collect();
    let lives = lives_of(db, ids).await?;
    let joined = versions.into_iter().filter_map(|version| {
        let unit = units.get(&version.unit_id)?;
        let (valid_from, valid_to) = *lives.get(&version.unit_id)?;
        Some(Unit {
            id: UnitId(unit.id),
            kind: UnitKind::named(&version.kind),
            code: unit.code.clone(),
            name: version.name,
            short_name: version.short_name,
            parent_id: version.parent_id.map(UnitId),
            valid_from,
            valid_to,
            version: unit.version,
        })
    });
    Ok(joined.collect())
}

/// From which day and until which (not included) each of these units is there, under whatever name.
async fn lives_of(db: &impl ConnectionTrait, ids: Vec<Uuid>) -> Result<HashMap<Uuid, (NaiveDate, NaiveDate)>, DbErr> {
    let lives: Vec<(Uuid, NaiveDate, NaiveDate)> = unit_version::Entity::find()
        .select_only()
        .column(unit_version::Column::UnitId)
        .column_as(unit_version::Column::ValidFrom.min(), "begins")
        .column_as(unit_version::Column::ValidTo.max(), "ends")
        .filter(unit_version::Column::UnitId.is_in(ids))
        .group_by(unit_version::Column::UnitId)
        .into_tuple()
        .all(db)
        .await?;
    Ok(lives.into_iter().map(|(id, begins, ends)| (id, (begins, ends))).collect())
}

/// The names of these units on `day`; where one was not there then, its latest name.
pub async fn names_on(
    db: &impl ConnectionTrait,
    ids: &[UnitId],
    day: NaiveDate,
) -> Result<HashMap<UnitId, String>, DbErr> {
    let versions = unit_version::Entity::find()
        .filter(unit_version::Column::UnitId.is_in(ids.iter().map(|id| id.0)))
        .order_by_asc(unit_version::Column::ValidFrom)
        .all(db)
        .await?;
    let mut names = HashMap::new();
    for version in versions {
        let id = UnitId(version.unit_id);
        if version.valid_from <= day || !names.contains_key(&id) {
            names.insert(id, version.name);
        }
    }
    Ok(names)
}

/// Those of `ids` that do not live on `day`, each with the living unit that carries on its history: where it was merged into,
/// or what it stood under when it was closed. Figures by unit are listed under the carrier.
pub async fn carriers_on(
    db: &impl ConnectionTrait,
    ids: &[UnitId],
    day: NaiveDate,
) -> Result<HashMap<UnitId, UnitId>, DbErr> {
    let lines = unit_closure::Entity::find()
        .filter(unit_closure::Column::DescendantId.is_in(ids.iter().map(|id| id.0)))
        .filter(unit_closure::Column::Depth.lte(1))
        .filter(within(unit_closure::Column::ValidFrom, unit_closure::Column::ValidTo, day))
        .all(db)
        .await?;
    let living: HashSet<Uuid> = lines.iter().filter(|line| line.depth == 0).map(|line| line.descendant_id).collect();
    let resting = lines.into_iter().filter(|line| !living.contains(&line.descendant_id));
    Ok(resting.map(|line| (UnitId(line.descendant_id), UnitId(line.ancestor_id))).collect())
}

/// The unit that `unit` counts as on `day`: itself while it lives, then the one that carries on its history.
pub async fn carrier_on(db: &impl ConnectionTrait, unit: UnitId, day: NaiveDate) -> Result<UnitId, DbErr> {
    Ok(carriers_on(db, &[unit], day).await?.remove(&unit).unwrap_or(unit))
}

/// Which unit directly under `unit` each unit below it belongs to on `day`, the resting ones among them; those that rest
/// under `unit` itself are left out.
pub async fn branches_on(
    db: &impl ConnectionTrait,
    unit: UnitId,
    day: NaiveDate,
) -> Result<HashMap<UnitId, UnitId>, DbErr> {
    let children = unit_version::Entity::find()
        .select_only()
        .column(unit_version::Column::UnitId)
        .filter(unit_version::Column::ParentId.eq(unit.0))
        .filter(within(unit_version::Column::ValidFrom, unit_version::Column::ValidTo, day))
        .into_query();
    let lines: Vec<(Uuid, Uuid)> = unit_closure::Entity::find()
        .select_only()
        .columns([unit_closure::Column::DescendantId, unit_closure::Column::AncestorId])
        .filter(unit_closure::Column::AncestorId.in_subquery(children))
        .filter(within(unit_closure::Column::ValidFrom, unit_closure::Column::ValidTo, day))
        .into_tuple()
        .all(db)
        .await?;
    Ok(lines.into_iter().map(|(below, branch)| (UnitId(below), UnitId(branch))).collect())
}

/// The units above each of these on `day`, topmost first.
pub async fn paths_on(
    db: &impl ConnectionTrait,
    ids: &[UnitId],
    day: NaiveDate,
) -> Result<HashMap<UnitId, Vec<UnitRef>>, DbErr> {
    let rows = unit_closure::Entity::find()
        .filter(unit_closure::Column::DescendantId.is_in(ids.iter().map(|id| id.0)))
        .filter(unit_closure::Column::Depth.gt(0))
        .filter(within(unit_closure::Column::ValidFrom, unit_closure::Column::ValidTo, day))
        .order_by_desc(unit_closure::Column::Depth)
        .all(db)
        .await?;
    let ancestors: Vec<UnitId> = rows.iter().map(|row| UnitId(row.ancestor_id)).collect();
    let names = names_on(db, &ancestors, day).await?;
    let mut paths: HashMap<UnitId, Vec<UnitRef>> = HashMap::new();
    for row in rows {
        let id = UnitId(row.ancestor_id);
        let name = names.get(&id).cloned().unwrap_or_default();
        paths.entry(UnitId(row.descendant_id)).or_default().push(UnitRef { id, name });
    }
    Ok(paths)
}

/// The ids of this unit and of all below it on `day`, the living ones.
pub async fn ids_below(db: &impl ConnectionTrait, unit: UnitId, day: NaiveDate) -> Result<Vec<UnitId>, DbErr> {
    let ids: Vec<Uuid> = unit_version::Entity::find()
        .select_only()
        .column(unit_version::Column::UnitId)
        .filter(unit_version::Column::UnitId.in_subquery(below(&[unit], day)))
        .filter(within(unit_version::Column::ValidFrom, unit_version::Column::ValidTo, day))
        .into_tuple()
        .all(db)
        .await?;
    Ok(ids.into_iter().map(UnitId).collect())
}

/// The version of a unit's row, for optimistic locking.
pub async fn version_of(db: &impl ConnectionTrait, id: UnitId) -> Result<i64, DbErr> {
    Ok(unit::Entity::find_by_id(id.0).one(db).await?.map_or(0, |row| row.version))
}

/// The units of `day` that have one of these ids, one of these codes, or one of these names (as `fold` leaves them).
pub async fn known_on(
    db: &impl ConnectionTrait,
    ids: &[UnitId],
    codes: &[String],
    folded_names: &[String],
    day: NaiveDate,
) -> Result<Vec<Unit>, DbErr> {
    let of_codes = unit::Entity::find()
        .select_only()
        .column(unit::Column::Id)
        .filter(unit::Column::Code.is_in(codes))
        .into_query();
    let versions = unit_version::Entity::find()
        .filter(within(unit_version::Column::ValidFrom, unit_version::Column::ValidTo, day))
        .filter(
            Condition::any()
                .add(unit_version::Column::UnitId.is_in(ids.iter().map(|id| id.0)))
                .add(unit_version::Column::UnitId.in_subquery(of_codes))
                .add(unit_version::Column::FoldedName.is_in(folded_names)),
        )
        .all(db)
        .await?;
    joined(db, versions).await
}

/// Those of `units` that are one of `roots` or below one of them on `day`.
pub async fn which_are_below(
    db: &impl ConnectionTrait,
    units: &[UnitId],
    roots: &[UnitId],
    day: NaiveDate,
) -> Result<HashSet<UnitId>, DbErr> {
    let rows = unit_closure::Entity::find()
        .filter(unit_closure::Column::DescendantId.is_in(units.iter().map(|unit| unit.0)))
        .filter(unit_closure::Column::AncestorId.is_in(roots.iter().map(|root| root.0)))
        .filter(within(unit_closure::Column::ValidFrom, unit_closure::Column::ValidTo, day))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| UnitId(row.descendant_id)).collect())
}

/// The units that have these codes, be they there today or not.
pub async fn code_holders(db: &impl ConnectionTrait, codes: &[String]) -> Result<HashMap<String, Uuid>, DbErr> {
    let units = unit::Entity::find().filter(unit::Column::Code.is_in(codes)).all(db).await?;
    Ok(units.into_iter().filter_map(|unit| unit.code.map(|code| (code, unit.id))).collect())
}

/// Holds these units against a merge, a split or an end that is under way: it is waited for, and one that begins later waits
/// (`hold`). New names, and other changes that let a unit live on, go their way meanwhile.
pub async fn lock_shared(tx: &Tx, ids: &[UnitId]) -> Result<(), DbErr> {
    unit::Entity::find()
        .filter(unit::Column::Id.is_in(ids.iter().map(|id| id.0)))
        .order_by_asc(unit::Column::Id)
        .lock(LockType::KeyShare)
        .all(tx)
        .await
        .map(|_rows| ())
}

/// Gives a unit its code.
pub async fn set_code(tx: &Tx, id: UnitId, code: Option<&str>) -> Result<(), DbErr> {
    unit::Entity::update_many()
        .col_expr(unit::Column::Code, Expr::value(code.map(str::to_owned)))
        .filter(unit::Column::Id.eq(id.0))
        .exec(tx)
        .await
        .map(|_rows| ())
}

/// Is there such a unit on `day`? It is not ended, merged or split until this change is done.
pub async fn stays_on(tx: &Tx, unit: UnitId, day: NaiveDate) -> Result<bool, DbErr> {
    lock_shared(tx, &[unit]).await?;
    exists_on(tx, unit, day).await
}

/// Holds a unit that is to end or to be split: whoever adds something to it waits (`lock_shared`).
pub async fn hold(tx: &Tx, id: UnitId) -> Result<(), DbErr> {
    unit::Entity::find_by_id(id.0).lock_exclusive().one(tx).await.map(|_row| ())
}

/// Gives a unit's row its next version.
pub async fn touch(tx: &Tx, id: UnitId) -> Result<(), DbErr> {
    unit::Entity::update_many()
        .col_expr(unit::Column::Version, Expr::col(unit::Column::Version).add(1))
        .filter(unit::Column::Id.eq(id.0))
        .exec(tx)
        .await
        .map(|_rows| ())
}

/// Does any unit stand directly under this one on `on` or later?
pub async fn has_units_below(db: &impl ConnectionTrait, unit: UnitId, on: NaiveDate) -> Result<bool, DbErr> {
    let below = unit_version::Entity::find()
        .filter(unit_version::Column::ParentId.eq(unit.0))
        .filter(unit_version::Column::ValidTo.gt(on));
    Ok(below.one(db).await?.is_some())
}
