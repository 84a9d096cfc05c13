//! All SQL about staff accounts.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QuerySelect as _,
    sea_query::Expr,
};

use crate::{
    db::Tx,
    entity::staff_account::{ActiveModel, Column, Entity, Model},
    kit::{problems::Problem, values::MemberId},
};

/// A username with its password's hash.
#[derive(Clone, Debug)]
pub struct StaffAccount {
    /// Whose it is.
    pub member_id: MemberId,
    /// What they sign in as, in lower case.
    pub username: String,
    /// What `staff::verify` compares with.
    pub password_hash: String,
    /// Since when it is that.
    pub password_set_at: DateTime<Utc>,
    /// Since when signing in asks for a code too; none: it does not.
    pub totp_since: Option<DateTime<Utc>>,
    /// Since when it may not be used.
    pub disabled_at: Option<DateTime<Utc>>,
}

impl StaffAccount {
    /// A new account. Usernames are the same in upper and lower case.
    pub fn new(member_id: MemberId, username: &str, password_hash: String, now: DateTime<Utc>) -> Self {
        let username = username.to_lowercase();
        Self { member_id, username, password_hash, password_set_at: now, totp_since: None, disabled_at: None }
    }
}

impl From<Model> for StaffAccount {
    fn from(row: Model) -> Self {
        Self {
            member_id: row.member_id,
            username: row.username,
            password_hash: row.password_hash,
            password_set_at: row.password_set_at,
            totp_since: row.totp_confirmed_at,
            disabled_at: row.disabled_at,
        }
    }
}

/// The account of that username, unless it is disabled.
pub async fn find(db: &impl ConnectionTrait, username: &str) -> Result<Option<StaffAccount>, DbErr> {
    Ok(find_any(db, username).await?.filter(|account| account.disabled_at.is_none()))
}

/// The account of that username, disabled or not.
pub async fn find_any(db: &impl ConnectionTrait, username: &str) -> Result<Option<StaffAccount>, DbErr> {
    let row = Entity::find().filter(Column::Username.eq(username.to_lowercase())).one(db).await?;
    Ok(row.map(StaffAccount::from))
}

/// The account of that member, unless it is disabled.
pub async fn find_enabled(db: &impl ConnectionTrait, member: MemberId) -> Result<Option<StaffAccount>, DbErr> {
    let row = Entity::find_by_id(member).one(db).await?;
    Ok(row.map(StaffAccount::from).filter(|account| account.disabled_at.is_none()))
}

/// The same; not found where they have none.
pub async fn find_of(db: &impl ConnectionTrait, member: MemberId) -> Result<StaffAccount, Problem> {
    find_enabled(db, member).await?.ok_or_else(Problem::not_found)
}

/// The account of that member as it is now, held against other changes until this one is done; none where they have none or
/// it is disabled.
pub async fn find_enabled_for_change(tx: &Tx, member: MemberId) -> Result<Option<StaffAccount>, DbErr> {
    let row = Entity::find_by_id(member).lock_exclusive().one(tx).await?;
    Ok(row.map(StaffAccount::from).filter(|account| account.disabled_at.is_none()))
}

/// Adds an account.
pub async fn insert(tx: &Tx, account: StaffAccount) -> Result<(), DbErr> {
    let row = ActiveModel {
        member_id: Set(account.member_id),
        username: Set(account.username),
        password_hash: Set(account.password_hash),
        password_set_at: Set(account.password_set_at),
        totp_cipher: Set(None),
        totp_confirmed_at: Set(None),
        totp_last_step: Set(None),
        created_at: Set(tx.now()),
        disabled_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(tx).await.map(|_rows| ())
}

/// Replaces a password's hash where it is still this one. Gives whether it was.
pub async fn replace_password(tx: &Tx, member: MemberId, old: &str, new: String) -> Result<bool, DbErr> {
    let replaced = Entity::update_many()
        .col_expr(Column::PasswordHash, Expr::value(new))
        .col_expr(Column::PasswordSetAt, Expr::value(tx.now()))
        .filter(Column::MemberId.eq(member))
        .filter(Column::PasswordHash.eq(old))
        .exec(tx)
        .await?;
    Ok(replaced.rows_affected == 1)
}

/// Lets an account be used from now on, or not any more.
pub async fn set_disabled(tx: &Tx, member: MemberId, disabled_at: Option<DateTime<Utc>>) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::DisabledAt, Expr::value(disabled_at))
        .filter(Column::MemberId.eq(member))
        .exec(tx)
        .await
        .map(|_rows| ())
}

/// Has this member an account, disabled or not?
pub async fn has_account(db: &impl ConnectionTrait, member: MemberId) -> Result<bool, DbErr> {
    Ok(Entity::find_by_id(member.0).one(db).await?.is_some())
}

/// Those of these members who have an account, disabled or not.
pub async fn with_account(db: &impl ConnectionTrait, members: &[MemberId]) -> Result<HashSet<MemberId>, DbErr> {
    let rows = Entity::find().filter(Column::MemberId.is_in(members.iter().map(|member| member.0))).all(db).await?;
    Ok(rows.into_iter().map(|row| row.member_id).collect())
}
