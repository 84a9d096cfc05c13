//! All SQL about memberships.

use chrono::NaiveDate;
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, Select,
    sea_query::Expr,
};

use super::Membership;
use crate::{
    db::Tx,
    entity::{
        member,
        membership::{ActiveModel, Column, Entity, Model},
    },
    kit::{
        http::{Page, Person},
        values::{MemberId, MembershipId},
    },
    organisation::{members::members_below, units::within},
};

/// Where a list of memberships goes on: the latest first day first.
pub type MembershipKey = (NaiveDate, MembershipId);

/// One's own, and those of the members of units that one manages, whichever units they were in before.
fn visible(caller: &Person, today: NaiveDate) -> Select<Entity> {
    if caller.is_admin() {
        return Entity::find();
    }
    Entity::find().filter(
        Condition::any()
            .add(Column::MemberId.eq(caller.member_id.0))
            .add(Column::MemberId.in_subquery(members_below(&caller.managed_units(), today))),
    )
}

/// May the caller know where this member belongs? Also of somebody who belongs nowhere.
pub async fn is_visible(
    db: &impl ConnectionTrait,
    caller: &Person,
    member: MemberId,
    today: NaiveDate,
) -> Result<bool, DbErr> {
    let there_is = member::Entity::find_by_id(member.0).filter(member::Column::ErasedAt.is_null());
    let permitted = if caller.is_admin() || caller.member_id == member {
        there_is
    } else {
        there_is.filter(member::Column::Id.in_subquery(members_below(&caller.managed_units(), today)))
    };
    Ok(permitted.one(db).await?.is_some())
}

/// A page of a member's memberships that the caller may know of, the latest first.
pub async fn page_visible(
    db: &impl ConnectionTrait,
    caller: &Person,
    member: MemberId,
    as_of: Option<NaiveDate>,
    today: NaiveDate,
    page: &Page<MembershipKey>,
) -> Result<Vec<Membership>, DbErr> {
    let mut query = visible(caller, today)
        .filter(Column::MemberId.eq(member.0))
        .order_by_desc(Column::ValidFrom)
        .order_by_desc(Column::Id)
        .limit(page.fetch());
    if let Some(day) = as_of {
        query = query.filter(within(Column::ValidFrom, Column::ValidTo, day));
    }
    if let Some((from, id)) = page.after {
        let key = Expr::tuple([Expr::col(Column::ValidFrom), Expr::col(Column::Id)]);
        query = query.filter(key.lt(Expr::tuple([Expr::val(from), Expr::val(id.0)])));
    }
    Ok(query.all(db).await?.into_iter().map(from_row).collect())
}

/// The membership of that id, if the caller may know of it.
pub async fn find_visible(
    db: &impl ConnectionTrait,
    caller: &Person,
    id: MembershipId,
    today: NaiveDate,
) -> Result<Option<Membership>, DbErr> {
    Ok(visible(caller, today).filter(Column::Id.eq(id.0)).one(db).await?.map(from_row))
}

/// All memberships of a member.
pub async fn all_of(db: &impl ConnectionTrait, id: MemberId) -> Result<Vec<Membership>, DbErr> {
    let rows = Entity::find().filter(Column::MemberId.eq(id.0)).order_by_asc(Column::ValidFrom).all(db).await?;
    Ok(rows.into_iter().map(from_row).collect())
}

/// Adds a membership.
pub async fn insert(tx: &Tx, membership: &Membership) -> Result<(), DbErr> {
    let row = ActiveModel {
        id: Set(membership.id),
        member_id: Set(membership.member_id),
        unit_id: Set(membership.unit_id),
        kind: Set(membership.kind),
        valid_from: Set(membership.valid_from),
        valid_to: Set(membership.valid_to),
    };
    Entity::insert(row).exec_without_returning(tx).await.map(|_rows| ())
}

/// Keeps another end of a membership.
pub async fn set_end(tx: &Tx, id: MembershipId, to: NaiveDate) -> Result<(), DbErr> {
    let row = ActiveModel { id: Unchanged(id), valid_to: Set(to), ..Default::default() };
    Entity::update(row).exec(tx).await.map(|_row| ())
}

/// Removes a membership that never came to be.
pub async fn delete(tx: &Tx, id: MembershipId) -> Result<(), DbErr> {
    Entity::delete_by_id(id).exec(tx).await.map(|_rows| ())
}

fn from_row(row: Model) -> Membership {
    Membership {
        id: row.id,
        member_id: row.member_id,
        unit_id: row.unit_id,
        kind: row.kind,
        valid_from: row.valid_from,
        valid_to: row.valid_to,
    }
}
