//! All SQL about the roles over a unit that ends, and of a member.

use std::collections::HashSet;

use chrono::NaiveDate;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _,
    ExprTrait as _, IntoActiveModel as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

use crate::{
    db::Tx,
    entity::role_grant,
    kit::{
        http::{Grant, Role},
        values::{Days, MemberId, RoleGrantId, UnitId, days::without},
    },
    organisation::units::{below, no_earlier_than, within},
};

/// Lets every role over `unit` go on over `into` from `on`, on the days on which they do not have the same one there already. One
/// that is being taken back is waited for: it does not go on.
pub async fn carry_role_grants(tx: &Tx, unit: UnitId, into: UnitId, on: NaiveDate) -> Result<usize, DbErr> {
    let rows = role_grant::Entity::find()
        .filter(role_grant::Column::UnitId.is_in([unit.0, into.0]))
        .filter(role_grant::Column::ValidTo.gt(on))
        .order_by_asc(role_grant::Column::Id)
        .lock_exclusive()
        .all(tx)
        .await?;
    let (there, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.unit_id == Some(into));
    let count = rows.len();
    for row in rows {
        let same = there.iter().filter(|other| (other.member_id, &other.role) == (row.member_id, &row.role));
        let taken: Vec<Days> = same.map(|other| (other.valid_from, other.valid_to)).collect();
        let begins = Ord::max(row.valid_from, on);
        let mut going_on = without((begins, row.valid_to), &taken).into_iter();
        let before = (row.unit_id, row.valid_from, begins);
        let is_later = row.valid_from >= on;
        let first = if is_later { going_on.next().map(|(from, to)| (Some(into), from, to)) } else { None };
        let (unit_id, valid_from, valid_to) = first.unwrap_or(before);
        let kept = role_grant::Model { unit_id, valid_from, valid_to, ..row.clone() };
        role_grant::Entity::update(kept.into_active_model().reset_all()).exec(tx).await?;
        let going_on = going_on.map(|(valid_from, valid_to)| {
            let id = RoleGrantId::new();
            let row = role_grant::Model { id, unit_id: Some(into), valid_from, valid_to, ..row.clone() };
            row.into_active_model().reset_all()
        });
        role_grant::Entity::insert_many(going_on).exec_without_returning(tx).await?;
    }
    Ok(count)
}

/// Ends every role over `unit` on `on`; one that was to begin later never does.
pub async fn end_role_grants(tx: &Tx, unit: UnitId, on: NaiveDate) -> Result<(), DbErr> {
    let rows = role_grant::Entity::find()
        .filter(role_grant::Column::UnitId.eq(unit.0))
        .filter(role_grant::Column::ValidTo.gt(on))
        .order_by_asc(role_grant::Column::Id)
        .lock_exclusive()
        .all(tx)
        .await?;
    for row in rows {
        let end = Ord::max(row.valid_from, on);
        let mut row = row.into_active_model();
        row.valid_to = Set(end);
        role_grant::Entity::update(row).exec(tx).await?;
    }
    Ok(())
}

/// Has this member a role, at any time?
pub async fn has_role(db: &impl ConnectionTrait, member: MemberId) -> Result<bool, DbErr> {
    let grants = role_grant::Entity::find().filter(role_grant::Column::MemberId.eq(member.0)).limit(1);
    Ok(grants.one(db).await?.is_some())
}

/// Is this member an admin after today, or going to be one?
pub async fn is_ever_admin(tx: &Tx, member: MemberId) -> Result<bool, DbErr> {
    let grant = role_grant::Entity::find()
        .filter(role_grant::Column::MemberId.eq(member.0))
        .filter(role_grant::Column::Role.eq(Role::Admin.name()))
        .filter(role_grant::Column::ValidTo.gt(tx.today()))
        .one(tx)
        .await?;
    Ok(grant.is_some())
}

/// Those of these members who hold roles, from `day` on, that are not for these units or for one below them.
pub async fn holding_beyond(
    db: &impl ConnectionTrait,
    members: &[MemberId],
    units: &[UnitId],
    day: NaiveDate,
) -> Result<HashSet<MemberId>, DbErr> {
    use role_grant::Column;
    let is_beyond = Column::UnitId.is_null().or(Column::UnitId.not_in_subquery(below(units, day)));
    let grants = role_grant::Entity::find()
        .filter(Column::MemberId.is_in(members.iter().map(|member| member.0)))
        .filter(Column::ValidTo.gt(day))
        .filter(is_beyond)
        .all(db)
        .await?;
    Ok(grants.into_iter().map(|row| row.member_id).collect())
}

/// The roles that a member holds on `day`.
pub async fn roles_on(db: &impl ConnectionTrait, member: MemberId, day: NaiveDate) -> Result<Vec<Grant>, DbErr> {
    let rows = role_grant::Entity::find()
        .filter(role_grant::Column::MemberId.eq(member.0))
        .filter(within(role_grant::Column::ValidFrom, role_grant::Column::ValidTo, day))
        .all(db)
        .await?;
    let grants =
        rows.into_iter().filter_map(|row| Role::named(&row.role).map(|role| Grant { role, unit_id: row.unit_id }));
    Ok(grants.collect())
}

/// Ends what a member may do: today, or on the very day on which it would have begun.
pub async fn end_roles_of(tx: &Tx, member: MemberId) -> Result<(), DbErr> {
    role_grant::Entity::update_many()
        .col_expr(role_grant::Column::ValidTo, no_earlier_than(role_grant::Column::ValidFrom, tx.today()))
        .filter(role_grant::Column::MemberId.eq(member.0))
        .filter(role_grant::Column::ValidTo.gt(tx.today()))
        .exec(tx)
        .await
        .map(|_rows| ())
}
