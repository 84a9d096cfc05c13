//! All SQL about a batch of members: a few statements, however many rows it has.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
    sea_query::{Expr, OnConflict, SimpleExpr},
};
use uuid::Uuid;

use super::plan::{Hashes, HomeWork, KnownHome, KnownHomes, KnownMember, MemberDecision};
use crate::{
    db::Tx,
    entity::{member, member_private, membership},
    kit::{
        secrets::Vault,
        values::{
            MemberId, MembershipId, UnitId,
            clock::NO_END,
            text::{fold, name_sort_key},
        },
    },
    organisation::{
        imports::import::Outcome,
        members::{self, MembershipKind},
        units::within,
    },
};

/// What phone numbers are encrypted and hashed for, as everywhere.
pub const PHONE: &str = "member_private.phone";
/// What e-mail addresses are encrypted and hashed for.
pub const EMAIL: &str = "member_private.email";
/// What members' codes are encrypted and hashed for.
pub const CODE: &str = "member_private.code";

/// Whose private values these are.
pub async fn private_rows(
    db: &impl ConnectionTrait,
    wanted: &[Hashes],
    ids: &[Uuid],
) -> Result<Vec<(Uuid, Hashes)>, DbErr> {
    use member_private::Column;
    let hashes = |of: fn(&Hashes) -> Option<&String>| wanted.iter().filter_map(of).cloned().collect::<Vec<_>>();
    let mut found = Vec::new();
    for is_wanted in [
        Column::PhoneHash.is_in(hashes(|one| one.phone.as_ref())),
        Column::CodeHash.is_in(hashes(|one| one.code.as_ref())),
        Column::MemberId.is_in(ids.iter().copied()),
    ] {
        let rows = member_private::Entity::find().filter(is_wanted).all(db).await?;
        found.extend(rows.into_iter().map(|row| {
            let hashes = Hashes { phone: row.phone_hash, code: row.code_hash, email: row.email_hash };
            (row.member_id, hashes)
        }));
    }
    Ok(found)
}

/// Holds these members against other changes until this one is done, in the order of their ids.
pub async fn hold(tx: &Tx, ids: BTreeSet<Uuid>) -> Result<(), DbErr> {
    if ids.is_empty() {
        return Ok(());
    }
    let query = member::Entity::find().select_only().column(member::Column::Id).filter(member::Column::Id.is_in(ids));
    let held = query.order_by_asc(member::Column::Id).lock_exclusive().into_tuple::<Uuid>().all(tx).await;
    held.map(|_ids| ())
}

/// Those of these members who have not been erased, with their names.
pub async fn names(db: &impl ConnectionTrait, ids: &[Uuid]) -> Result<Vec<(Uuid, String)>, DbErr> {
    let rows = member::Entity::find()
        .filter(member::Column::Id.is_in(ids.iter().copied()))
        .filter(member::Column::ErasedAt.is_null())
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.display_name)).collect())
}

/// Where these members are at home on `day`, until when they were before, and where they are going to be.
pub async fn homes(
    db: &impl ConnectionTrait,
    ids: &[Uuid],
    day: NaiveDate,
) -> Result<HashMap<Uuid, KnownHomes>, DbErr> {
    let mut rows = membership::Entity::find()
        .filter(membership::Column::MemberId.is_in(ids.iter().copied()))
        .filter(membership::Column::Kind.eq(MembershipKind::Home))
        .all(db)
        .await?;
    rows.retain(|row| row.valid_from < row.valid_to);
    rows.sort_by_key(|row| row.valid_from);
    let mut homes: HashMap<Uuid, KnownHomes> = HashMap::new();
    for row in rows {
        let known = homes.entry(row.member_id.0).or_default();
        let home = KnownHome { id: row.id.0, unit_id: row.unit_id.0, from: row.valid_from };
        if row.valid_to <= day {
            known.earlier_end = Some(row.valid_to);
        } else if row.valid_from <= day {
            known.present = Some(home);
        } else {
            known.later.get_or_insert(home);
        }
    }
    Ok(homes)
}

/// Who is at home in these units under names that look like these: (unit, name, member).
pub async fn namesakes(
    db: &impl ConnectionTrait,
    units: &[Uuid],
    names: &[String],
    day: NaiveDate,
) -> Result<Vec<(Uuid, String, Uuid)>, DbErr> {
    let folded = names.iter().map(|name| fold(name));
    let rows = member::Entity::find()
        .filter(member::Column::FoldedName.is_in(folded))
        .filter(member::Column::ErasedAt.is_null())
        .filter(
            member::Column::Id.in_subquery(
                sea_orm::sea_query::Query::select()
                    .column(membership::Column::MemberId)
                    .from(membership::Entity)
                    .and_where(membership::Column::UnitId.is_in(units.iter().copied()))
                    .and_where(membership::Column::Kind.eq(MembershipKind::Home))
                    .cond_where(within(membership::Column::ValidFrom, membership::Column::ValidTo, day))
                    .to_owned(),
            ),
        )
        .all(db)
        .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let homes = homes(db, &ids, day).await?;
    let found = rows.into_iter().filter_map(|row| {
        let home = homes.get(&row.id)?.present?;
        Some((home.unit_id, row.display_name, row.id))
    });
    Ok(found.collect())
}

/// These members as they are.
pub async fn known(
    db: &impl ConnectionTrait,
    ids: &[Uuid],
    private: &[(Uuid, Hashes)],
    day: NaiveDate,
) -> Result<HashMap<Uuid, KnownMember>, DbErr> {
    let mut hashes: HashMap<Uuid, &Hashes> = private.iter().map(|(id, hashes)| (*id, hashes)).collect();
    let mut homes = homes(db, ids, day).await?;
    let known = names(db, ids).await?.into_iter().map(|(id, name)| {
        let homes = homes.remove(&id).unwrap_or_default();
        let hashes = hashes.remove(&id).cloned().unwrap_or_default();
        (id, KnownMember { id, name, hashes, homes })
    });
    Ok(known.collect())
}

/// Writes what was decided.
pub async fn write(
    tx: &Tx,
    vault: &Vault,
    decided: &[MemberDecision],
    names: &HashMap<Uuid, String>,
) -> Result<(), DbErr> {
    let mut work: Vec<(Uuid, &MemberDecision)> = decided
        .iter()
        .filter(|one| one.outcome.is_work())
        .filter_map(|one| one.subject.map(|subject| (subject, one)))
        .collect();
    // Members before what hangs on them, each in the order of their ids: no two writers wait for each other.
    work.sort_unstable_by_key(|(id, _)| *id);
    write_members(tx, &work, names).await?;
    write_private(tx, vault, &work).await?;
    end_homes(tx, &work).await?;
    begin_homes(tx, &work).await
}

/// New ones are added; the others get their new names, and a new version in any case. Nobody who was erased is written.
async fn write_members(tx: &Tx, work: &[(Uuid, &MemberDecision)], names: &HashMap<Uuid, String>) -> Result<(), DbErr> {
    use member::Column;
    let rows: Vec<_> = work
        .iter()
        .map(|(id, one)| {
            let name = one.work.name.as_ref().or_else(|| names.get(id)).cloned().unwrap_or_default();
            member::ActiveModel {
                id: Set(*id),
                sort_key: Set(name_sort_key(&name)),
                folded_name: Set(fold(&name)),
                display_name: Set(name),
                avatar_url: Set(None),
                created_at: Set(tx.now()),
                version: Set(1),
                erased_at: Set(None),
            }
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let next_version = Expr::col((member::Entity, Column::Version)).add(1);
    let update = OnConflict::column(Column::Id)
        .update_columns([Column::DisplayName, Column::SortKey, Column::FoldedName])
        .value(Column::Version, next_version)
        .action_and_where(Expr::col((member::Entity, Column::ErasedAt)).is_null())
        .to_owned();
    let named: Vec<(Uuid, String)> = work.iter().filter_map(|(id, one)| Some((*id, one.work.name.clone()?))).collect();
    member::Entity::insert_many(rows).on_conflict(update).exec_without_returning(tx).await?;
    let named: Vec<_> = named.iter().map(|(id, name)| (MemberId(*id), name.as_str())).collect();
    members::index_names(tx, &named).await
}

async fn write_private(tx: &Tx, vault: &Vault, work: &[(Uuid, &MemberDecision)]) -> Result<(), DbErr> {
    use member_private::Column;
    let blank = |id: Uuid| member_private::ActiveModel {
        member_id: Set(id),
        phone_cipher: Set(None),
        phone_hash: Set(None),
        email_cipher: Set(None),
        email_hash: Set(None),
        code_cipher: Set(None),
        code_hash: Set(None),
    };
    let seal = |purpose: &str, value: &Option<(String, String)>| {
        (value.as_ref().map(|(plain, _)| vault.seal(purpose, plain)), value.as_ref().map(|(_, hash)| hash.clone()))
    };
    let (new, old): (Vec<_>, Vec<_>) = work.iter().copied().partition(|(_, one)| one.outcome == Outcome::Create);
    let rows: Vec<_> = new
        .into_iter()
        .map(|(id, one)| {
            let (phone, code, email) =
                (seal(PHONE, &one.work.phone), seal(CODE, &one.work.code), seal(EMAIL, &one.work.email));
            member_private::ActiveModel {
                phone_cipher: Set(phone.0),
                phone_hash: Set(phone.1),
                code_cipher: Set(code.0),
                code_hash: Set(code.1),
                email_cipher: Set(email.0),
                email_hash: Set(email.1),
                ..blank(id)
            }
        })
        .collect();
    if !rows.is_empty() {
        member_private::Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    // Each value by itself: what a row says nothing of stays as it is.
    let mut phones = Vec::new();
    let mut codes = Vec::new();
    let mut emails = Vec::new();
    for (id, one) in old {
        if one.work.phone.is_some() {
            let (cipher, hash) = seal(PHONE, &one.work.phone);
            phones.push(member_private::ActiveModel { phone_cipher: Set(cipher), phone_hash: Set(hash), ..blank(id) });
        }
        if one.work.code.is_some() {
            let (cipher, hash) = seal(CODE, &one.work.code);
            codes.push(member_private::ActiveModel { code_cipher: Set(cipher), code_hash: Set(hash), ..blank(id) });
        }
        if one.work.email.is_some() {
            let (cipher, hash) = seal(EMAIL, &one.work.email);
            emails.push(member_private::ActiveModel { email_cipher: Set(cipher), email_hash: Set(hash), ..blank(id) });
        }
    }
    for (rows, columns) in [
        (phones, [Column::PhoneCipher, Column::PhoneHash]),
        (codes, [Column::CodeCipher, Column::CodeHash]),
        (emails, [Column::EmailCipher, Column::EmailHash]),
    ] {
        if !rows.is_empty() {
            let update = OnConflict::column(Column::MemberId).update_columns(columns).to_owned();
            member_private::Entity::insert_many(rows).on_conflict(update).exec_without_returning(tx).await?;
        }
    }
    Ok(())
}

/// Homes that end or were entered wrongly, one statement for each day or unit.
async fn end_homes(tx: &Tx, work: &[(Uuid, &MemberDecision)]) -> Result<(), DbErr> {
    let mut ends: BTreeMap<NaiveDate, Vec<Uuid>> = BTreeMap::new();
    let mut begins: BTreeMap<NaiveDate, Vec<Uuid>> = BTreeMap::new();
    let mut instead: BTreeMap<(Uuid, NaiveDate), Vec<Uuid>> = BTreeMap::new();
    for home in work.iter().filter_map(|(_, one)| one.work.home) {
        match home {
            HomeWork::Move { old, from, .. } => ends.entry(from).or_default().push(old),
            HomeWork::Since { home, from, .. } => begins.entry(from).or_default().push(home),
            HomeWork::Instead { home, unit, from } => instead.entry((unit, from)).or_default().push(home),
            HomeWork::Begin { .. } => {}
        }
    }
    for (day, homes) in ends {
        update_homes(tx, homes, [(membership::Column::ValidTo, Expr::value(day))]).await?;
    }
    for (day, homes) in begins {
        update_homes(tx, homes, [(membership::Column::ValidFrom, Expr::value(day))]).await?;
    }
    for ((unit, day), homes) in instead {
        let values =
            [(membership::Column::UnitId, Expr::value(unit)), (membership::Column::ValidFrom, Expr::value(day))];
        update_homes(tx, homes, values).await?;
    }
    Ok(())
}

async fn update_homes<const N: usize>(
    tx: &Tx,
    homes: Vec<Uuid>,
    values: [(membership::Column, SimpleExpr); N],
) -> Result<(), DbErr> {
    let update = values
        .into_iter()
        .fold(membership::Entity::update_many(), |update, (column, value)| update.col_expr(column, value));
    update.filter(membership::Column::Id.is_in(homes)).exec(tx).await.map(|_rows| ())
}

async fn begin_homes(tx: &Tx, work: &[(Uuid, &MemberDecision)]) -> Result<(), DbErr> {
    let rows: Vec<_> = work
        .iter()
        .filter_map(|(id, one)| match one.work.home? {
            HomeWork::Begin { unit, from } | HomeWork::Move { unit, from, .. } => Some(membership::ActiveModel {
                id: Set(MembershipId::new()),
                member_id: Set(MemberId(*id)),
                unit_id: Set(UnitId(unit)),
                kind: Set(MembershipKind::Home),
                valid_from: Set(from),
                valid_to: Set(NO_END),
            }),
            HomeWork::Since { .. } | HomeWork::Instead { .. } => None,
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    membership::Entity::insert_many(rows).exec_without_returning(tx).await.map(|_rows| ())
}
