//! All SQL about role grants.

use chrono::NaiveDate;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _, Select, sea_query::Expr,
};

use super::RoleGrant;
use crate::{
    db::{Tx, dialect},
    entity::{
        role_grant::{ActiveModel, Column, Entity, Model},
        staff_account,
    },
    kit::{
        http::{Page, Person, Role},
        values::{MemberId, RoleGrantId, UnitId},
    },
    organisation::units::{above, below, within},
};

/// Adds a grant.
pub async fn insert(tx: &Tx, grant: &RoleGrant) -> Result<(), DbErr> {
    let row = ActiveModel {
        id: Set(grant.id),
        member_id: Set(grant.member_id),
        role: Set(grant.role.name().to_owned()),
        unit_id: Set(grant.unit_id),
        valid_from: Set(grant.valid_from),
        valid_to: Set(grant.valid_to),
        granted_by: Set(grant.granted_by),
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

/// A grant of the same role over the same unit to the same member that holds on a day on which this one would.
pub async fn overlapping(tx: &Tx, grant: &RoleGrant) -> Result<Option<RoleGrantId>, DbErr> {
    let of_unit = match grant.unit_id {
        Some(unit) => Column::UnitId.eq(unit.0),
        None => Column::UnitId.is_null(),
    };
    let row = Entity::find()
        .filter(Column::MemberId.eq(grant.member_id.0))
        .filter(Column::Role.eq(grant.role.name()))
        .filter(of_unit)
        .filter(Column::ValidFrom.lt(grant.valid_to))
        .filter(Column::ValidTo.gt(grant.valid_from))
        // One that was taken back before it began never held.
        .filter(Expr::col(Column::ValidFrom).lt(Expr::col(Column::ValidTo)))
        .order_by_asc(Column::Id)
        .one(tx)
        .await?;
    Ok(row.map(|row| row.id))
}

/// Ends a grant on `day`, where it is still the one that was seen; gives whether it was. It stays as history.
pub async fn end(tx: &Tx, seen: &RoleGrant, day: NaiveDate) -> Result<bool, DbErr> {
    let ended = Entity::update_many()
        .col_expr(Column::ValidTo, Expr::value(day))
        .filter(Column::Id.eq(seen.id.0))
        .filter(Column::ValidTo.eq(seen.valid_to))
        .exec(tx)
        .await?;
    Ok(ended.rows_affected == 1)
}

/// Waits until nobody else is about to stop being an admin; others wait until this change is done.
pub async fn lock_admins(tx: &Tx) -> Result<(), DbErr> {
    dialect::lock_until_commit(tx, dialect::ADMINS_LOCK).await
}

/// The grants that make somebody an admin on `day` or later who can sign in: with a staff account that is not disabled.
pub async fn grants_of_admins(db: &impl ConnectionTrait, day: NaiveDate) -> Result<Vec<RoleGrant>, DbErr> {
    let can_sign_in = staff_account::Entity::find()
        .select_only()
        .column(staff_account::Column::MemberId)
        .filter(staff_account::Column::DisabledAt.is_null())
        .into_query();
    let rows = Entity::find()
        .filter(Column::Role.eq(Role::Admin.name()))
        .filter(Column::ValidTo.gt(day))
        // One that was taken back before it began never holds.
        .filter(Expr::col(Column::ValidFrom).lt(Expr::col(Column::ValidTo)))
        .filter(Column::MemberId.in_subquery(can_sign_in))
        .all(db)
        .await?;
    Ok(rows.into_iter().filter_map(from_row).collect())
}

/// When this member manages the unit, by grants on it or on those that are above it on `day`.
pub async fn periods_of_manager(
    db: &impl ConnectionTrait,
    member: MemberId,
    unit: UnitId,
    day: NaiveDate,
) -> Result<Vec<(NaiveDate, NaiveDate)>, DbErr> {
    let rows = Entity::find()
        .filter(Column::MemberId.eq(member.0))
        .filter(Column::Role.eq(Role::UnitManager.name()))
        .filter(Column::UnitId.in_subquery(above(&[unit], day)))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.valid_from, row.valid_to)).collect())
}

/// Who manages this unit on `day`: by a grant on it or on one above it.
pub async fn managers_above(db: &impl ConnectionTrait, unit: UnitId, day: NaiveDate) -> Result<Vec<MemberId>, DbErr> {
    let rows = Entity::find()
        .filter(Column::Role.eq(Role::UnitManager.name()))
        .filter(Column::UnitId.in_subquery(above(&[unit], day)))
        .filter(within(Column::ValidFrom, Column::ValidTo, day))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| row.member_id).collect())
}

fn from_row(row: Model) -> Option<RoleGrant> {
    Some(RoleGrant {
        id: row.id,
        member_id: row.member_id,
        role: Role::named(&row.role)?,
        unit_id: row.unit_id,
        valid_from: row.valid_from,
        valid_to: row.valid_to,
        granted_by: row.granted_by,
    })
}
