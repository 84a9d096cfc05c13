//! All SQL about role grants.

use chrono::NaiveDate;
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Select,
};

use super::RoleGrant;
use crate::{
    db::Tx,
    entity::role_grant::{ActiveModel, Column, Entity, Model},
    kit::{
        caller::{Person, Role},
        ids::{MemberId, RoleGrantId, UnitId},
        page::Page,
    },
    organisation::units::{above, below, within},
};

/// Adds a grant.
pub async fn insert(tx: &Tx, grant: &RoleGrant) -> Result<(), DbErr> {
    let row = ActiveModel {
        id: Set(grant.id.0),
        member_id: Set(grant.member_id.0),
        role: Set(grant.role.name().to_owned()),
        unit_id: Set(grant.unit_id.map(|unit| unit.0)),
        valid_from: Set(grant.valid_from),
        valid_to: Set(grant.valid_to),
        granted_by: Set(grant.granted_by.map(|member| member.0)),
        created_at: Set(tx.now()),
    };
    Entity::insert(row).exec_without_returning(tx).await.map(|_rows| ())
}

/// The grant of that id, if the caller may know of it: one's own, and those over units that one manages.
pub async fn find_visible(
    db: &impl ConnectionTrait,
    caller: &Person,
    id: RoleGrantId,
    day: NaiveDate,
) -> Result<Option<RoleGrant>, DbErr> {
    Ok(visible(caller, day).filter(Column::Id.eq(id.0)).one(db).await?.and_then(from_row))
}

/// A page of the grants that the caller may know of, oldest first.
pub async fn page_visible(
    db: &impl ConnectionTrait,
    caller: &Person,
    member: Option<MemberId>,
    day: NaiveDate,
    page: &Page<RoleGrantId>,
) -> Result<Vec<RoleGrant>, DbErr> {
    let mut query = visible(caller, day).order_by_asc(Column::Id).limit(page.fetch());
    if let Some(member) = member {
        query = query.filter(Column::MemberId.eq(member.0));
    }
    if let Some(after) = page.after {
        query = query.filter(Column::Id.gt(after.0));
    }
    Ok(query.all(db).await?.into_iter().filter_map(from_row).collect())
}

fn visible(caller: &Person, day: NaiveDate) -> Select<Entity> {
    if caller.is_admin() {
        return Entity::find();
    }
    Entity::find().filter(
        Condition::any()
            .add(Column::MemberId.eq(caller.member_id.0))
            .add(Column::UnitId.in_subquery(below(&caller.managed_units(), day))),
    )
}

/// Ends a grant on `day`. It stays as history.
pub async fn end(tx: &Tx, id: RoleGrantId, day: NaiveDate) -> Result<(), DbErr> {
    let row = ActiveModel { id: Unchanged(id.0), valid_to: Set(day), ..Default::default() };
    Entity::update(row).exec(tx).await.map(|_row| ())
}

/// Who manages this unit on `day`: by a grant on it or on one above it.
pub async fn managers_above(db: &impl ConnectionTrait, unit: UnitId, day: NaiveDate) -> Result<Vec<MemberId>, DbErr> {
    let rows = Entity::find()
        .filter(Column::Role.eq(Role::UnitManager.name()))
        .filter(Column::UnitId.in_subquery(above(&[unit], day)))
        .filter(within(Column::ValidFrom, Column::ValidTo, day))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| MemberId(row.member_id)).collect())
}

fn from_row(row: Model) -> Option<RoleGrant> {
    Some(RoleGrant {
        id: RoleGrantId(row.id),
        member_id: MemberId(row.member_id),
        role: Role::named(&row.role)?,
        unit_id: row.unit_id.map(UnitId),
        valid_from: row.valid_from,
        valid_to: row.valid_to,
        granted_by: row.granted_by.map(MemberId),
    })
}
