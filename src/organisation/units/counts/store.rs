//! All SQL about counts of members.

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _,
    FromQueryResult, IntoActiveModel as _, QueryFilter as _, QuerySelect as _,
    sea_query::{Expr, OnConflict, Query},
};
use uuid::Uuid;

use crate::{
    db::{Tx, dialect},
    entity::{member_count_day, membership, unit_closure, unit_member_count},
    kit::values::UnitId,
    organisation::units::within,
};

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
    let base = base_day(db).await?;
    let mut counts = HashMap::new();
    for count in counted_on_base_day(db, ids, day).await? {
        counts.insert(UnitId(count.ancestor_id), count.members);
    }
    let (first, last, sign) = if base < day { (base, day, 1) } else { (day, base, -1) };
    for (column, effect) in [(membership::Column::ValidFrom, sign), (membership::Column::ValidTo, -sign)] {
        if first == last {
            break;
        }
        let between = Condition::all().add(column.gt(first)).add(column.lte(last));
        for count in counted_of_members(db, ids, day, between).await? {
            *counts.entry(UnitId(count.ancestor_id)).or_insert(0) += effect * count.members;
        }
    }
    Ok(counts)
}

async fn base_day(db: &impl ConnectionTrait) -> Result<NaiveDate, DbErr> {
    Ok(member_count_day::Entity::find().one(db).await?.map(|row| row.day).unwrap_or_default())
}

async fn counted_on_base_day(db: &impl ConnectionTrait, ids: &[UnitId], day: NaiveDate) -> Result<Vec<Count>, DbErr> {
    let counting = Query::select()
        .column((unit_closure::Entity, unit_closure::Column::AncestorId))
        .expr_as(dialect::sum(Expr::col((unit_member_count::Entity, unit_member_count::Column::Members))), "members")
        .from(unit_closure::Entity)
        .inner_join(
            unit_member_count::Entity,
            Expr::col((unit_member_count::Entity, unit_member_count::Column::UnitId))
                .equals((unit_closure::Entity, unit_closure::Column::DescendantId)),
        )
        .and_where(unit_closure::Column::AncestorId.is_in(ids.iter().map(|id| id.0)))
        .cond_where(within(unit_closure::Column::ValidFrom, unit_closure::Column::ValidTo, day))
        .group_by_col((unit_closure::Entity, unit_closure::Column::AncestorId))
        .to_owned();
    let rows = db.query_all(&counting).await?;
    rows.iter().map(|row| Count::from_query_result(row, "")).collect()
}

async fn counted_of_members(
    db: &impl ConnectionTrait,
    ids: &[UnitId],
    day: NaiveDate,
    which: Condition,
) -> Result<Vec<Count>, DbErr> {
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
        .cond_where(which)
        .and_where(membership::Column::Kind.eq(membership::MembershipKind::Home))
        .group_by_col((unit_closure::Entity, unit_closure::Column::AncestorId))
        .to_owned();
    let rows = db.query_all(&counting).await?;
    rows.iter().map(|row| Count::from_query_result(row, "")).collect()
}

/// Holds the counts of these units, in the order of their ids, for a change that takes members from one to another: what
/// counts them would hold one after the other as the members come and go, and two transfers in opposite directions would wait
/// for each other.
pub async fn hold(tx: &Tx, units: &[UnitId]) -> Result<(), DbErr> {
    dialect::announce_writing(tx, "membership").await?;
    let mut ids: Vec<Uuid> = units.iter().map(|unit| unit.0).collect();
    ids.sort_unstable();
    ids.dedup();
    let rows =
        ids.into_iter().map(|unit_id| unit_member_count::Model { unit_id, members: 0 }.into_active_model().reset_all());
    let stays = Expr::col((unit_member_count::Entity, unit_member_count::Column::Members));
    let hold = OnConflict::column(unit_member_count::Column::UnitId)
        .value(unit_member_count::Column::Members, stays)
        .to_owned();
    unit_member_count::Entity::insert_many(rows).on_conflict(hold).exec_without_returning(tx).await.map(|_rows| ())
}

/// Counts anew and moves the base day to today: one pass over the memberships. Writers of memberships wait meanwhile.
pub async fn recount_members(tx: &Tx) -> Result<(), DbErr> {
    if base_day(tx).await? == tx.today() {
        return Ok(());
    }
    dialect::hold_against_writers(tx, "membership").await?;
    let mut day = member_count_day::Model { id: 1, day: tx.today() }.into_active_model();
    day.day = sea_orm::ActiveValue::Set(tx.today());
    member_count_day::Entity::update(day).exec(tx).await?;
    unit_member_count::Entity::delete_many().exec(tx).await?;
    let counts: Vec<(Uuid, i64)> = membership::Entity::find()
        .select_only()
        .column(membership::Column::UnitId)
        .column_as(membership::Column::Id.count(), "members")
        .filter(membership::Column::Kind.eq(membership::MembershipKind::Home))
        .filter(within(membership::Column::ValidFrom, membership::Column::ValidTo, tx.today()))
        .group_by(membership::Column::UnitId)
        .into_tuple()
        .all(tx)
        .await?;
    for some in counts.chunks(2_000) {
        let rows = some.iter().map(|(unit_id, members)| {
            unit_member_count::Model { unit_id: *unit_id, members: *members }.into_active_model().reset_all()
        });
        unit_member_count::Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    Ok(())
}
