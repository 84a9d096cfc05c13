//! All SQL about members and where they belong.

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, QueryTrait as _, Select,
    sea_query::{Expr, SelectStatement},
};
use uuid::Uuid;

use super::{Member, MembershipKind};
use crate::{
    db::Tx,
    entity::{member, member_private, membership},
    kit::{
        caller::Person,
        clock::NO_END,
        ids::{MemberId, MembershipId, UnitId},
        page::Page,
        text::{fold, name_sort_key},
        vault::Vault,
    },
    organisation::units::{below, within},
};

/// Where a list of members goes on: the sort key in hexadecimal, and the id.
pub type MemberKey = (Vec<u8>, MemberId);

const PHONE: &str = "member_private.phone";

/// A member, with the key that lists sort by.
pub struct Listed {
    /// The member.
    pub member: Member,
    /// Where in the list they stand.
    pub key: MemberKey,
}

/// The member of that id, as of `day`.
pub async fn find(db: &impl ConnectionTrait, id: MemberId, day: NaiveDate) -> Result<Option<Member>, DbErr> {
    let Some(row) = member::Entity::find_by_id(id.0).one(db).await? else { return Ok(None) };
    let home = home_unit_on(db, id, day).await?;
    Ok(Some(from_row(row, home)))
}

/// The member of that id, if the caller may know of them: oneself, colleagues of one's units, and whoever is in a unit that
/// one has duties in.
pub async fn find_visible(
    db: &impl ConnectionTrait,
    caller: &Person,
    id: MemberId,
    day: NaiveDate,
) -> Result<Option<Member>, DbErr> {
    let row = visible(caller, day).filter(member::Column::Id.eq(id.0)).one(db).await?;
    let Some(row) = row else { return Ok(None) };
    let home = home_unit_on(db, id, day).await?;
    Ok(Some(from_row(row, home)))
}

/// Which part of the members a list is about.
pub enum Part {
    /// All that the caller may know of.
    All,
    /// Those who belong to this very unit.
    Of(UnitId),
    /// Those who belong to this unit or to one below it.
    Below(UnitId),
}

/// A page of the members that the caller may know of, in the Vietnamese order of names.
pub async fn page_visible(
    db: &impl ConnectionTrait,
    caller: &Person,
    part: Part,
    words: Option<&str>,
    day: NaiveDate,
    page: &Page<MemberKey>,
) -> Result<Vec<Listed>, DbErr> {
    let mut query =
        visible(caller, day).order_by_asc(member::Column::SortKey).order_by_asc(member::Column::Id).limit(page.fetch());
    query = match part {
        Part::All => query,
        Part::Of(unit) => query.filter(member::Column::Id.in_subquery(members_of([unit.0], day))),
        Part::Below(unit) => query.filter(member::Column::Id.in_subquery(members_below(&[unit], day))),
    };
    if let Some(words) = words {
        query = query.filter(member::Column::FoldedName.contains(fold(words)));
    }
    if let Some((key, id)) = &page.after {
        let place = Expr::tuple([Expr::col(member::Column::SortKey), Expr::col(member::Column::Id)]);
        query = query.filter(place.gt(Expr::tuple([Expr::val(key.clone()), Expr::val(id.0)])));
    }
    let rows = query.all(db).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let homes = homes_on(db, &ids, day).await?;
    let listed = rows.into_iter().map(|row| {
        let key = (row.sort_key.clone(), MemberId(row.id));
        let home = homes.get(&row.id).copied();
        Listed { member: from_row(row, home), key }
    });
    Ok(listed.collect())
}

fn visible(caller: &Person, day: NaiveDate) -> Select<member::Entity> {
    let query = member::Entity::find().filter(member::Column::ErasedAt.is_null());
    if caller.is_admin() {
        return query;
    }
    let own_units = caller.unit_ids.iter().map(|unit| unit.0);
    let mut managed = caller.managed_units();
    managed.extend(caller.edited_units());
    query.filter(
        Condition::any()
            .add(member::Column::Id.eq(caller.member_id.0))
            .add(member::Column::Id.in_subquery(members_of(own_units, day)))
            .add(member::Column::Id.in_subquery(members_below(&managed, day))),
    )
}

fn members_of(units: impl IntoIterator<Item = Uuid>, day: NaiveDate) -> SelectStatement {
    membership::Entity::find()
        .select_only()
        .column(membership::Column::MemberId)
        .filter(membership::Column::UnitId.is_in(units))
        .filter(within(membership::Column::ValidFrom, membership::Column::ValidTo, day))
        .into_query()
}

/// The ids of the members who belong to these units or to one below them on `day`, as a subquery.
pub fn members_below(units: &[UnitId], day: NaiveDate) -> SelectStatement {
    membership::Entity::find()
        .select_only()
        .column(membership::Column::MemberId)
        .filter(membership::Column::UnitId.in_subquery(below(units, day)))
        .filter(within(membership::Column::ValidFrom, membership::Column::ValidTo, day))
        .into_query()
}

/// Where a member was at home on `day`.
pub async fn home_unit_on(db: &impl ConnectionTrait, id: MemberId, day: NaiveDate) -> Result<Option<UnitId>, DbErr> {
    Ok(homes_on(db, &[id.0], day).await?.get(&id.0).copied())
}

async fn homes_on(db: &impl ConnectionTrait, ids: &[Uuid], day: NaiveDate) -> Result<HashMap<Uuid, UnitId>, DbErr> {
    let rows = membership::Entity::find()
        .filter(membership::Column::MemberId.is_in(ids.iter().copied()))
        .filter(membership::Column::Kind.eq(MembershipKind::Home.name()))
        .filter(within(membership::Column::ValidFrom, membership::Column::ValidTo, day))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.member_id, UnitId(row.unit_id))).collect())
}

/// The units that a member belonged to on `day`.
pub async fn unit_ids_on(db: &impl ConnectionTrait, id: MemberId, day: NaiveDate) -> Result<Vec<UnitId>, DbErr> {
    let rows = membership::Entity::find()
        .filter(membership::Column::MemberId.eq(id.0))
        .filter(within(membership::Column::ValidFrom, membership::Column::ValidTo, day))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| UnitId(row.unit_id)).collect())
}

/// Did this member belong to this very unit on `day`?
pub async fn is_in_unit_on(
    db: &impl ConnectionTrait,
    id: MemberId,
    unit: UnitId,
    day: NaiveDate,
) -> Result<bool, DbErr> {
    Ok(unit_ids_on(db, id, day).await?.contains(&unit))
}

/// What these members are called.
pub async fn names_of(db: &impl ConnectionTrait, ids: &[MemberId]) -> Result<HashMap<MemberId, String>, DbErr> {
    let rows = member::Entity::find().filter(member::Column::Id.is_in(ids.iter().map(|id| id.0))).all(db).await?;
    Ok(rows.into_iter().map(|row| (MemberId(row.id), row.display_name)).collect())
}

/// The member who was imported with this phone number (`84…`).
pub async fn find_by_phone(db: &impl ConnectionTrait, vault: &Vault, phone: &str) -> Result<Option<MemberId>, DbErr> {
    let row = member_private::Entity::find()
        .filter(member_private::Column::PhoneHash.eq(vault.look_up(PHONE, phone)))
        .one(db)
        .await?;
    Ok(row.map(|row| MemberId(row.member_id)))
}

/// Adds a member.
pub async fn insert(tx: &Tx, member: &Member) -> Result<(), DbErr> {
    let row = member::ActiveModel {
        id: Set(member.id.0),
        display_name: Set(member.display_name.clone()),
        sort_key: Set(name_sort_key(&member.display_name)),
        folded_name: Set(fold(&member.display_name)),
        avatar_url: Set(member.avatar_url.clone()),
        created_at: Set(tx.now()),
        version: Set(member.version),
        erased_at: Set(None),
    };
    member::Entity::insert(row).exec_without_returning(tx).await.map(|_rows| ())
}

/// Keeps a member's phone number (`84…`), encrypted.
pub async fn insert_private(tx: &Tx, vault: &Vault, id: MemberId, phone: Option<&str>) -> Result<(), DbErr> {
    let row = member_private::ActiveModel {
        member_id: Set(id.0),
        phone_cipher: Set(phone.map(|phone| vault.seal(PHONE, phone))),
        phone_hash: Set(phone.map(|phone| vault.look_up(PHONE, phone))),
        email_cipher: Set(None),
        email_hash: Set(None),
    };
    member_private::Entity::insert(row).exec_without_returning(tx).await.map(|_rows| ())
}

/// Adds a membership from `from` on.
pub async fn insert_membership(
    tx: &Tx,
    member: MemberId,
    unit: UnitId,
    kind: MembershipKind,
    from: NaiveDate,
) -> Result<(), DbErr> {
    let row = membership::ActiveModel {
        id: Set(MembershipId::new().0),
        member_id: Set(member.0),
        unit_id: Set(unit.0),
        kind: Set(kind.name().to_owned()),
        valid_from: Set(from),
        valid_to: Set(NO_END),
    };
    membership::Entity::insert(row).exec_without_returning(tx).await.map(|_rows| ())
}

fn from_row(row: member::Model, home_unit_id: Option<UnitId>) -> Member {
    Member {
        id: MemberId(row.id),
        display_name: row.display_name,
        avatar_url: row.avatar_url,
        home_unit_id,
        version: row.version,
    }
}
