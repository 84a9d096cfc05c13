//! All SQL about the places of people in a unit that ends or is split.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use sea_orm::{
    ActiveModelTrait as _,
    ActiveValue::Set,
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
    QuerySelect as _, QueryTrait as _,
    sea_query::{Expr, SelectStatement},
};
use uuid::Uuid;

use crate::{
    db::Tx,
    entity::membership::{self, MembershipKind},
    kit::values::{
        Days, MemberId, MembershipId, UnitId,
        days::{overlap, without},
    },
    organisation::units::{no_earlier_than, within},
};

const AT_ONCE: usize = 2_000;
/// A place at home.
const HOME: MembershipKind = MembershipKind::Home;

/// Those of `members` who belong to this very unit on `day`.
pub async fn members_in(
    db: &impl ConnectionTrait,
    unit: UnitId,
    members: &[MemberId],
    day: NaiveDate,
) -> Result<HashSet<MemberId>, DbErr> {
    let ids: Vec<Uuid> = membership::Entity::find()
        .select_only()
        .column(membership::Column::MemberId)
        .filter(membership::Column::UnitId.eq(unit.0))
        .filter(membership::Column::MemberId.is_in(members.iter().map(|member| member.0)))
        .filter(within(membership::Column::ValidFrom, membership::Column::ValidTo, day))
        .into_tuple()
        .all(db)
        .await?;
    Ok(ids.into_iter().map(MemberId).collect())
}

/// Those who belong to this very unit on `since` or later.
pub async fn members_since(db: &impl ConnectionTrait, unit: UnitId, since: NaiveDate) -> Result<Vec<MemberId>, DbErr> {
    let rows = db.query_all(&places_since(unit, since)).await?;
    rows.iter().map(|row| row.try_get_by_index(0).map(MemberId)).collect()
}

/// The ids of those who belong to this very unit on `since` or later, as a subquery.
fn places_since(unit: UnitId, since: NaiveDate) -> SelectStatement {
    membership::Entity::find()
        .select_only()
        .column(membership::Column::MemberId)
        .distinct()
        .filter(membership::Column::UnitId.eq(unit.0))
        .filter(membership::Column::ValidTo.gt(since))
        .into_query()
}

/// Lets these members' places in `unit` go on in `into` from `on`.
pub async fn move_members(
    tx: &Tx,
    unit: UnitId,
    into: UnitId,
    members: &[MemberId],
    on: NaiveDate,
) -> Result<usize, DbErr> {
    let rows = membership::Entity::find()
        .filter(membership::Column::UnitId.eq(unit.0))
        .filter(membership::Column::MemberId.is_in(members.iter().map(|member| member.0)))
        .filter(membership::Column::ValidTo.gt(on))
        .all(tx)
        .await?;
    move_memberships(tx, rows, into, on).await
}

/// Days by member.
type DaysOfMembers = HashMap<MemberId, Vec<Days>>;

/// Lets every place in `unit` go on in `into` from `on`. Nobody has two places there on one day: a temporary one goes on only on
/// the days on which they have none there yet, and one that they have there gives way to a home that comes.
pub async fn carry_memberships(tx: &Tx, unit: UnitId, into: UnitId, on: NaiveDate) -> Result<usize, DbErr> {
    let rows = membership::Entity::find()
        .filter(membership::Column::UnitId.eq(unit.0))
        .filter(membership::Column::ValidTo.gt(on))
        .all(tx)
        .await?;
    let there = membership::Entity::find()
        .filter(membership::Column::UnitId.eq(into.0))
        .filter(membership::Column::MemberId.in_subquery(places_since(unit, on)))
        .filter(membership::Column::ValidTo.gt(on))
        .all(tx)
        .await?;
    let from_then = |row: &membership::Model| (Ord::max(row.valid_from, on), row.valid_to);
    let days = |row: &membership::Model| (row.valid_from, row.valid_to);
    let (mut taken, mut coming): (DaysOfMembers, DaysOfMembers) = Default::default();
    there.iter().for_each(|row| taken.entry(row.member_id).or_default().push(days(row)));
    for row in rows.iter().filter(|row| row.kind == HOME) {
        coming.entry(row.member_id).or_default().push(from_then(row));
    }
    for other in there.iter().filter(|other| other.kind != HOME) {
        let homes = coming.get(&other.member_id).map(Vec::as_slice).unwrap_or_default();
        if homes.iter().any(|home| overlap(days(other), *home)) {
            keep_on_days(tx, other, into, without(days(other), homes)).await?;
        }
    }
    let (mut whole, mut cut) = (Vec::new(), Vec::new());
    for row in rows {
        let taken = taken.get(&row.member_id).map(Vec::as_slice).unwrap_or_default();
        let left = if row.kind == HOME { vec![from_then(&row)] } else { without(from_then(&row), taken) };
        if left == [from_then(&row)] { whole.push(row) } else { cut.push((row, left)) }
    }
    let count = whole.len().saturating_add(cut.iter().filter(|(_, left)| !left.is_empty()).count());
    for (row, left) in cut {
        if row.valid_from < on {
            keep_on_days(tx, &row, unit, vec![(row.valid_from, on)]).await?;
            add_places(tx, &row, into, left).await?;
        } else {
            keep_on_days(tx, &row, into, left).await?;
        }
    }
    move_memberships(tx, whole, into, on).await?;
    Ok(count)
}

/// Lets a place be one in `unit`, on these days: the first of them keep its row, the others get rows of their own. On none it
/// ends as it begins.
async fn keep_on_days(tx: &Tx, row: &membership::Model, unit: UnitId, days: Vec<Days>) -> Result<(), DbErr> {
    let mut days = days.into_iter();
    let (from, to) = days.next().unwrap_or((row.valid_from, row.valid_from));
    let kept = membership::Model { unit_id: unit, valid_from: from, valid_to: to, ..row.clone() };
    membership::Entity::update(kept.into_active_model().reset_all()).exec(tx).await?;
    add_places(tx, row, unit, days).await
}

async fn add_places(
    tx: &Tx,
    like: &membership::Model,
    unit: UnitId,
    days: impl IntoIterator<Item = Days>,
) -> Result<(), DbErr> {
    let rows = days.into_iter().map(|(valid_from, valid_to)| {
        let row = membership::Model { id: MembershipId::new(), unit_id: unit, valid_from, valid_to, ..like.clone() };
        row.into_active_model().reset_all()
    });
    membership::Entity::insert_many(rows).exec_without_returning(tx).await.map(|_rows| ())
}

/// What began before `on` ends then and goes on as a place of its own; what begins later is there from the start.
async fn move_memberships(tx: &Tx, rows: Vec<membership::Model>, into: UnitId, on: NaiveDate) -> Result<usize, DbErr> {
    let count = rows.len();
    for some in rows.chunks(AT_ONCE) {
        let (begun, later): (Vec<_>, Vec<_>) = some.iter().partition(|row| row.valid_from < on);
        membership::Entity::update_many()
            .col_expr(membership::Column::ValidTo, Expr::val(on))
            .filter(membership::Column::Id.is_in(begun.iter().map(|row| row.id)))
            .exec(tx)
            .await?;
        membership::Entity::update_many()
            .col_expr(membership::Column::UnitId, Expr::val(into.0))
            .filter(membership::Column::Id.is_in(later.iter().map(|row| row.id)))
            .exec(tx)
            .await?;
        let going_on = begun.into_iter().map(|row| {
            let mut row = row.clone().into_active_model().reset_all();
            row.id = Set(MembershipId::new());
            row.unit_id = Set(into);
            row.valid_from = Set(on);
            row
        });
        membership::Entity::insert_many(going_on).exec_without_returning(tx).await?;
    }
    Ok(count)
}

/// Does anybody belong to this very unit on `on` or later?
pub async fn has_members(db: &impl ConnectionTrait, unit: UnitId, on: NaiveDate) -> Result<bool, DbErr> {
    let members = membership::Entity::find()
        .filter(membership::Column::UnitId.eq(unit.0))
        .filter(membership::Column::ValidTo.gt(on));
    Ok(members.one(db).await?.is_some())
}

/// Has this member a place in a unit, at any time?
pub async fn has_place(db: &impl ConnectionTrait, member: MemberId) -> Result<bool, DbErr> {
    let places = membership::Entity::find().filter(membership::Column::MemberId.eq(member.0)).limit(1);
    Ok(places.one(db).await?.is_some())
}

/// Ends where a member belongs: today, or on the very day on which it would have begun.
pub async fn end_places_of(tx: &Tx, member: MemberId) -> Result<(), DbErr> {
    membership::Entity::update_many()
        .col_expr(membership::Column::ValidTo, no_earlier_than(membership::Column::ValidFrom, tx.today()))
        .filter(membership::Column::MemberId.eq(member.0))
        .filter(membership::Column::ValidTo.gt(tx.today()))
        .exec(tx)
        .await
        .map(|_rows| ())
}
