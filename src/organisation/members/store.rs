//! All SQL about members and where they belong.

use std::collections::HashMap;

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD as BASE64};
use chrono::NaiveDate;
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, QueryTrait as _, Select,
    sea_query::{Expr, LockType, OnConflict, SelectStatement, UnionType},
};
use uuid::Uuid;

use super::{Contact, Member, MemberChange, MembershipKind};
use crate::{
    db::Tx,
    entity::{member, member_name_word, member_private, membership},
    kit::{
        http::{Page, Person},
        problems::Problem,
        secrets::Vault,
        values::{
            MemberId, MembershipId, UnitId,
            clock::NO_END,
            text::{fold, name_sort_key, search_words},
        },
    },
    organisation::units::{below, within},
};

/// Where a list of members goes on: the sort key in base64, and the id.
pub type MemberKey = (String, MemberId);

/// What phone numbers are sealed and looked up for.
pub(super) const PHONE: &str = "member_private.phone";
const EMAIL: &str = "member_private.email";
const CODE: &str = "member_private.code";
/// How many are held by one statement.
const AT_ONCE: usize = 2_000;

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
#[derive(Clone, Copy)]
pub enum Part {
    /// All that the caller may know of.
    All,
    /// Those who belonged to this very unit on that day, with the homes they had then.
    OfOn(UnitId, NaiveDate),
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
        Part::OfOn(unit, on) => query.filter(member::Column::Id.in_subquery(members_of([unit.0], on))),
        Part::Below(unit) => query.filter(member::Column::Id.in_subquery(members_below(&[unit], day))),
    };
    if let Some(words) = words {
        query = query.filter(named(words));
    }
    if let Some((key, id)) = &page.after {
        let place = Expr::tuple([Expr::col(member::Column::SortKey), Expr::col(member::Column::Id)]);
        let key = BASE64.decode(key).unwrap_or_default();
        query = query.filter(place.gt(Expr::tuple([Expr::val(key), Expr::val(id.0)])));
    }
    let rows = query.all(db).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let homes_day = if let Part::OfOn(_, on) = part { on } else { day };
    let homes = homes_on(db, &ids, homes_day).await?;
    let listed = rows.into_iter().map(|row| {
        let key = (BASE64.encode(&row.sort_key), MemberId(row.id));
        let home = homes.get(&row.id).copied();
        Listed { member: from_row(row, home), key }
    });
    Ok(listed.collect())
}

/// That each of these words begins a word of the name. By an index of words: a rare name among 125,000 is found in well under
/// a millisecond, where `LIKE '%…%'` reads them all. Each word is looked up by itself: of one condition for each of them
/// PostgreSQL may look one up anew for everybody whom another finds, for many seconds, until it knows how common words are.
fn named(words: &str) -> Condition {
    let words = search_words(words);
    if words.is_empty() {
        return Condition::all().add(Expr::val(1).eq(0));
    }
    let members_of_words = words.into_iter().map(|word| {
        let from = word.into_bytes();
        // The next text that does not begin so: no UTF-8 has this byte.
        let to = [from.as_slice(), &[0xFF]].concat();
        member_name_word::Entity::find()
            .select_only()
            .column(member_name_word::Column::MemberId)
            .filter(member_name_word::Column::Word.gte(from))
            .filter(member_name_word::Column::Word.lt(to))
            .into_query()
    });
    let with_all = members_of_words.reduce(|mut all, members| {
        all.union(UnionType::Intersect, members);
        all
    });
    with_all.map_or(Condition::all(), |members| Condition::all().add(member::Column::Id.in_subquery(members)))
}

/// The same member as `find_visible` gives, held against other changes until this one is done.
pub async fn find_visible_for_change(tx: &Tx, caller: &Person, id: MemberId) -> Result<Option<Member>, DbErr> {
    let row = visible(caller, tx.today()).filter(member::Column::Id.eq(id.0)).lock_exclusive().one(tx).await?;
    let Some(row) = row else { return Ok(None) };
    let home = home_unit_on(tx, id, tx.today()).await?;
    Ok(Some(from_row(row, home)))
}

/// Is this member in a unit that the caller manages, or in one below it? An admin manages everybody.
pub async fn is_managed_by(
    db: &impl ConnectionTrait,
    caller: &Person,
    id: MemberId,
    day: NaiveDate,
) -> Result<bool, DbErr> {
    if caller.is_admin() {
        return Ok(true);
    }
    let managed = caller.managed_units();
    if managed.is_empty() {
        return Ok(false);
    }
    let row = member::Entity::find_by_id(id.0)
        .filter(member::Column::Id.in_subquery(members_below(&managed, day)))
        .one(db)
        .await?;
    Ok(row.is_some())
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

/// The ids of those of them who are at home in this unit or below it on `day`, as a subquery.
pub fn members_at_home_below(unit: UnitId, day: NaiveDate) -> SelectStatement {
    let mut members = members_below(&[unit], day);
    members.and_where(membership::Column::Kind.eq(MembershipKind::Home));
    members
}

/// Where a member was at home on `day`.
pub async fn home_unit_on(db: &impl ConnectionTrait, id: MemberId, day: NaiveDate) -> Result<Option<UnitId>, DbErr> {
    Ok(homes_on(db, &[id.0], day).await?.get(&id.0).copied())
}

async fn homes_on(db: &impl ConnectionTrait, ids: &[Uuid], day: NaiveDate) -> Result<HashMap<Uuid, UnitId>, DbErr> {
    let rows = membership::Entity::find()
        .filter(membership::Column::MemberId.is_in(ids.iter().copied()))
        .filter(membership::Column::Kind.eq(MembershipKind::Home))
        .filter(within(membership::Column::ValidFrom, membership::Column::ValidTo, day))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.member_id.0, row.unit_id)).collect())
}

/// The units that a member belonged to on `day`.
pub async fn unit_ids_on(db: &impl ConnectionTrait, id: MemberId, day: NaiveDate) -> Result<Vec<UnitId>, DbErr> {
    let rows = membership::Entity::find()
        .filter(membership::Column::MemberId.eq(id.0))
        .filter(within(membership::Column::ValidFrom, membership::Column::ValidTo, day))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| row.unit_id).collect())
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
    member::Entity::insert(row).exec_without_returning(tx).await?;
    index_names(tx, &[(member.id, &member.display_name)]).await
}

/// Makes members findable by the words of these names, and by no others.
pub async fn index_names(tx: &Tx, names: &[(MemberId, &str)]) -> Result<(), DbErr> {
    use member_name_word::{ActiveModel, Column, Entity};
    let ids = names.iter().map(|(id, _)| id.0);
    Entity::delete_many().filter(Column::MemberId.is_in(ids)).exec(tx).await?;
    let words: Vec<ActiveModel> = names
        .iter()
        .flat_map(|(id, name)| search_words(name).into_iter().map(move |word| (id, word)))
        .map(|(id, word)| ActiveModel { word: Set(word.into_bytes()), member_id: Set(id.0) })
        .collect();
    if words.is_empty() {
        return Ok(());
    }
    Entity::insert_many(words).exec_without_returning(tx).await.map(|_rows| ())
}

/// Keeps what has changed of a member, as the next version of the row.
pub async fn save(tx: &Tx, vault: &Vault, member: &mut Member, change: MemberChange) -> Result<(), DbErr> {
    let renamed = change.display_name.is_some();
    if let Some(name) = change.display_name {
        member.display_name = name;
    }
    member.version = member.version.saturating_add(1);
    let mut row =
        member::ActiveModel { id: Unchanged(member.id.0), version: Set(member.version), ..Default::default() };
    if renamed {
        row.display_name = Set(member.display_name.clone());
        row.sort_key = Set(name_sort_key(&member.display_name));
        row.folded_name = Set(fold(&member.display_name));
    }
    member::Entity::update(row).exec(tx).await?;
    if renamed {
        index_names(tx, &[(member.id, &member.display_name)]).await?;
    }
    save_contact(tx, vault, member.id, change.phone, change.email).await
}

async fn save_contact(
    tx: &Tx,
    vault: &Vault,
    id: MemberId,
    phone: Option<Option<String>>,
    email: Option<Option<String>>,
) -> Result<(), DbErr> {
    let mut columns = Vec::new();
    let mut row = member_private::ActiveModel { member_id: Set(id.0), ..Default::default() };
    if let Some(phone) = phone {
        row.phone_cipher = Set(phone.as_deref().map(|phone| vault.seal(PHONE, phone)));
        row.phone_hash = Set(phone.as_deref().map(|phone| vault.look_up(PHONE, phone)));
        columns.extend([member_private::Column::PhoneCipher, member_private::Column::PhoneHash]);
    }
    if let Some(email) = email {
        row.email_cipher = Set(email.as_deref().map(|email| vault.seal(EMAIL, email)));
        row.email_hash = Set(email.as_deref().map(|email| vault.look_up(EMAIL, email)));
        columns.extend([member_private::Column::EmailCipher, member_private::Column::EmailHash]);
    }
    if columns.is_empty() {
        return Ok(());
    }
    let update = OnConflict::column(member_private::Column::MemberId).update_columns(columns).to_owned();
    member_private::Entity::insert(row).on_conflict(update).exec_without_returning(tx).await.map(|_rows| ())
}

/// How a member is reached, and their code.
pub async fn contact_of(db: &impl ConnectionTrait, vault: &Vault, id: MemberId) -> Result<Contact, Problem> {
    let Some(row) = member_private::Entity::find_by_id(id.0).one(db).await? else { return Ok(Contact::default()) };
    let open = |purpose, sealed: Option<String>| {
        sealed.map(|sealed| vault.open(purpose, &sealed).map_err(Problem::internal)).transpose()
    };
    Ok(Contact {
        phone: open(PHONE, row.phone_cipher)?,
        email: open(EMAIL, row.email_cipher)?,
        code: open(CODE, row.code_cipher)?,
    })
}

/// Keeps where a member's picture is, as the next version of the row.
pub async fn set_avatar_url(tx: &Tx, id: MemberId, url: Option<String>) -> Result<(), DbErr> {
    member::Entity::update_many()
        .col_expr(member::Column::AvatarUrl, Expr::value(url))
        .col_expr(member::Column::Version, Expr::col(member::Column::Version).add(1))
        .filter(member::Column::Id.eq(id.0))
        .exec(tx)
        .await
        .map(|_rows| ())
}

/// Keeps a member's phone number (`84…`), encrypted.
pub async fn insert_private(tx: &Tx, vault: &Vault, id: MemberId, phone: Option<&str>) -> Result<(), DbErr> {
    let row = member_private::ActiveModel {
        member_id: Set(id.0),
        phone_cipher: Set(phone.map(|phone| vault.seal(PHONE, phone))),
        phone_hash: Set(phone.map(|phone| vault.look_up(PHONE, phone))),
        email_cipher: Set(None),
        email_hash: Set(None),
        code_cipher: Set(None),
        code_hash: Set(None),
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
        id: Set(MembershipId::new()),
        member_id: Set(member),
        unit_id: Set(unit),
        kind: Set(kind),
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
        is_erased: row.erased_at.is_some(),
        version: row.version,
    }
}

/// Lets nobody else change where these members belong until the end of the change. In the order of their ids, so that two who
/// hold several do not wait for each other.
pub async fn hold_places_of(tx: &Tx, members: &[MemberId]) -> Result<(), DbErr> {
    let mut ids: Vec<Uuid> = members.iter().map(|member| member.0).collect();
    ids.sort_unstable();
    ids.dedup();
    for some in ids.chunks(AT_ONCE) {
        member::Entity::find()
            .select_only()
            .column(member::Column::Id)
            .filter(member::Column::Id.is_in(some.iter().copied()))
            .order_by_asc(member::Column::Id)
            .lock(LockType::NoKeyUpdate)
            .into_tuple::<Uuid>()
            .all(tx)
            .await?;
    }
    Ok(())
}

/// Marks a member's row as erased, as its next version.
pub async fn mark_erased(tx: &Tx, member: MemberId) -> Result<(), DbErr> {
    member::Entity::update_many()
        .col_expr(member::Column::Version, Expr::col(member::Column::Version).add(1))
        .col_expr(member::Column::ErasedAt, Expr::value(tx.now()))
        .filter(member::Column::Id.eq(member.0))
        .exec(tx)
        .await
        .map(|_rows| ())
}

/// What a member is called, or was; an erasure of them waits until this change is done.
pub async fn held_name(tx: &Tx, member: MemberId) -> Result<Option<String>, DbErr> {
    let held = member::Entity::find_by_id(member.0).lock(LockType::KeyShare).one(tx).await?;
    Ok(held.map(|row| row.display_name))
}
