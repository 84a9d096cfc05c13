//! All SQL about exports: pages by id, so that a long one holds nothing for long.

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use crate::{
    entity::{member, member_private, membership, unit, unit_version},
    kit::{problems::Problem, secrets::Vault, values::UnitId},
    organisation::{
        members::MembershipKind,
        units::{Unit, known_on, within},
    },
};

/// How many rows are read at a time.
const PAGE: u64 = 1_000;

/// A member with what is private.
#[derive(Clone, Debug)]
pub struct MemberLine {
    /// Who.
    pub id: Uuid,
    /// What they are called.
    pub name: String,
    /// Their phone number (`84…`).
    pub phone: Option<String>,
    /// Their code.
    pub code: Option<String>,
    /// Their e-mail address.
    pub email: Option<String>,
    /// Where they are at home, and since when.
    pub home: Option<(Uuid, NaiveDate)>,
}

/// The members after that one, in order of their ids; none after the last.
pub async fn members_after(
    db: &impl ConnectionTrait,
    vault: &Vault,
    after: Option<Uuid>,
    day: NaiveDate,
) -> Result<Vec<MemberLine>, Problem> {
    let mut query =
        member::Entity::find().filter(member::Column::ErasedAt.is_null()).order_by_asc(member::Column::Id).limit(PAGE);
    if let Some(after) = after {
        query = query.filter(member::Column::Id.gt(after));
    }
    let rows = query.all(db).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let private = member_private::Entity::find()
        .filter(member_private::Column::MemberId.is_in(ids.iter().copied()))
        .all(db)
        .await?;
    let mut private: HashMap<Uuid, member_private::Model> =
        private.into_iter().map(|row| (row.member_id, row)).collect();
    let homes = membership::Entity::find()
        .filter(membership::Column::MemberId.is_in(ids))
        .filter(membership::Column::Kind.eq(MembershipKind::Home))
        .filter(within(membership::Column::ValidFrom, membership::Column::ValidTo, day))
        .all(db)
        .await?;
    let homes: HashMap<Uuid, (Uuid, NaiveDate)> =
        homes.into_iter().map(|row| (row.member_id.0, (row.unit_id.0, row.valid_from))).collect();
    let open = |purpose: &str, sealed: Option<String>| {
        sealed.map(|sealed| vault.open(purpose, &sealed).map_err(Problem::internal)).transpose()
    };
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows {
        let private = private.remove(&row.id);
        let (phone, code, email) =
            private.map(|row| (row.phone_cipher, row.code_cipher, row.email_cipher)).unwrap_or_default();
        lines.push(MemberLine {
            id: row.id,
            name: row.display_name,
            phone: open("member_private.phone", phone)?,
            code: open("member_private.code", code)?,
            email: open("member_private.email", email)?,
            home: homes.get(&row.id).copied(),
        });
    }
    Ok(lines)
}

/// The units of `day` after that one, in order of their ids; none after the last.
pub async fn units_after(db: &impl ConnectionTrait, after: Option<Uuid>, day: NaiveDate) -> Result<Vec<Unit>, Problem> {
    let mut query = unit_version::Entity::find()
        .select_only()
        .column(unit_version::Column::UnitId)
        .filter(within(unit_version::Column::ValidFrom, unit_version::Column::ValidTo, day))
        .order_by_asc(unit_version::Column::UnitId)
        .limit(PAGE);
    if let Some(after) = after {
        query = query.filter(unit_version::Column::UnitId.gt(after));
    }
    let ids: Vec<Uuid> = query.into_tuple().all(db).await?;
    let ids: Vec<UnitId> = ids.into_iter().map(UnitId).collect();
    let mut units = known_on(db, &ids, &[], &[], day).await?;
    units.sort_by_key(|unit| unit.id);
    Ok(units)
}

/// Code and name of each of these units; of one that has ended, its code alone.
pub async fn unit_names(
    db: &impl ConnectionTrait,
    ids: &[Uuid],
    day: NaiveDate,
) -> Result<HashMap<Uuid, (String, String)>, Problem> {
    let units = unit::Entity::find().filter(unit::Column::Id.is_in(ids.iter().copied())).all(db).await?;
    let ids: Vec<UnitId> = ids.iter().copied().map(UnitId).collect();
    let mut named: HashMap<Uuid, (String, String)> =
        units.into_iter().map(|unit| (unit.id, (unit.code.unwrap_or_default(), String::new()))).collect();
    for unit in known_on(db, &ids, &[], &[], day).await? {
        named.insert(unit.id.0, (unit.code.unwrap_or_default(), unit.name));
    }
    Ok(named)
}
