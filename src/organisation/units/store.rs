//! All SQL about units.

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _, FromQueryResult,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _,
    sea_query::{Expr, Query, SelectStatement},
};
use uuid::Uuid;

use super::{Unit, UnitKind, UnitRef, wire::UnitFilter};
use crate::{
    db::Tx,
    entity::{membership, unit, unit_closure, unit_version},
    kit::{clock::NO_END, ids::UnitId, page::Page, text::fold},
};

/// Where a list of units goes on.
pub type UnitKey = (String, UnitId);

/// A condition on a period's two columns: it holds on `day`.
pub fn within<C: sea_orm::ColumnTrait>(from: C, to: C, day: NaiveDate) -> Condition {
    Condition::all().add(from.lte(day)).add(to.gt(day))
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
        let of_kind = Query::select()
            .column(unit::Column::Id)
            .from(unit::Entity)
            .and_where(unit::Column::Kind.eq(kind.name()))
            .to_owned();
        query = query.filter(unit_version::Column::UnitId.in_subquery(of_kind));
    }
    if let Some(words) = &filter.q {
        query = query.filter(unit_version::Column::FoldedName.contains(fold(words)));
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
    let ids = versions.iter().map(|version| version.unit_id);
    let units = unit::Entity::find().filter(unit::Column::Id.is_in(ids)).all(db).await?;
    let units: HashMap<Uuid, unit::Model> = units.into_iter().map(|unit| (unit.id, unit)).collect();
    let joined = versions.into_iter().filter_map(|version| {
        let unit = units.get(&version.unit_id)?;
        Some(Unit {
            id: UnitId(unit.id),
            kind: UnitKind::named(&unit.kind),
            name: version.name,
            short_name: version.short_name,
            parent_id: version.parent_id.map(UnitId),
            valid_from: version.valid_from,
            valid_to: version.valid_to,
            version: unit.version,
        })
    });
    Ok(joined.collect())
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

/// The kinds of these units.
pub async fn kinds_of(db: &impl ConnectionTrait, ids: &[UnitId]) -> Result<Vec<UnitKind>, DbErr> {
    let units = unit::Entity::find().filter(unit::Column::Id.is_in(ids.iter().map(|id| id.0))).all(db).await?;
    Ok(units.iter().map(|unit| UnitKind::named(&unit.kind)).collect())
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

#[derive(FromQueryResult)]
struct Count {
    ancestor_id: Uuid,
    members: i64,
}

/// How many members are at home in each of these units and below on `day`.
pub async fn member_counts_on(
    db: &impl ConnectionTrait,
    ids: &[UnitId],
    day: NaiveDate,
) -> Result<HashMap<UnitId, i64>, DbErr> {
    let counting = Query::select()
        .column((unit_closure::Entity, unit_closure::Column::AncestorId))
        .expr_as(Expr::col((membership::Entity, membership::Column::MemberId)).count(), "members")
        .from(unit_closure::Entity)
        .inner_join(
            membership::Entity,
            Expr::col((membership::Entity, membership::Column::UnitId))
                .equals((unit_closure::Entity, unit_closure::Column::DescendantId)),
        )
        .and_where(unit_closure::Column::AncestorId.is_in(ids.iter().map(|id| id.0)))
        .cond_where(within(unit_closure::Column::ValidFrom, unit_closure::Column::ValidTo, day))
        .cond_where(within(membership::Column::ValidFrom, membership::Column::ValidTo, day))
        .and_where(membership::Column::Kind.eq("home"))
        .group_by_col((unit_closure::Entity, unit_closure::Column::AncestorId))
        .to_owned();
    let rows = db.query_all(&counting).await?;
    let counts = rows.iter().map(|row| Count::from_query_result(row, "")).collect::<Result<Vec<_>, _>>()?;
    Ok(counts.into_iter().map(|count| (UnitId(count.ancestor_id), count.members)).collect())
}

/// Adds a unit with its first name, under its parent, and to everything that stands above that one.
pub async fn insert(tx: &Tx, unit: &Unit) -> Result<(), DbErr> {
    let row = unit::ActiveModel {
        id: Set(unit.id.0),
        kind: Set(unit.kind.name().to_owned()),
        created_at: Set(tx.now()),
        version: Set(unit.version),
    };
    unit::Entity::insert(row).exec_without_returning(tx).await?;
    let first = unit_version::ActiveModel {
        id: Set(Uuid::now_v7()),
        unit_id: Set(unit.id.0),
        name: Set(unit.name.clone()),
        short_name: Set(unit.short_name.clone()),
        folded_name: Set(fold(&unit.name)),
        parent_id: Set(unit.parent_id.map(|parent| parent.0)),
        valid_from: Set(unit.valid_from),
        valid_to: Set(unit.valid_to),
    };
    unit_version::Entity::insert(first).exec_without_returning(tx).await?;
    insert_closure(tx, unit).await
}

async fn insert_closure(tx: &Tx, unit: &Unit) -> Result<(), DbErr> {
    let mut ancestors = vec![(unit.id.0, 0)];
    if let Some(parent) = unit.parent_id {
        let above_parent = unit_closure::Entity::find()
            .filter(unit_closure::Column::DescendantId.eq(parent.0))
            .filter(within(unit_closure::Column::ValidFrom, unit_closure::Column::ValidTo, unit.valid_from))
            .all(tx)
            .await?;
        ancestors.extend(above_parent.into_iter().map(|row| (row.ancestor_id, row.depth.saturating_add(1))));
    }
    let rows = ancestors.into_iter().map(|(ancestor, depth)| unit_closure::ActiveModel {
        ancestor_id: Set(ancestor),
        descendant_id: Set(unit.id.0),
        valid_from: Set(unit.valid_from),
        valid_to: Set(NO_END),
        depth: Set(depth),
    });
    unit_closure::Entity::insert_many(rows).exec_without_returning(tx).await.map(|_rows| ())
}
