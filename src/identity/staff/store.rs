//! All SQL about staff accounts.

use sea_orm::{ActiveValue::Set, ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _};

use crate::{
    db::Tx,
    entity::staff_account::{ActiveModel, Column, Entity},
    kit::ids::MemberId,
};

/// A username with its password's hash.
#[derive(Clone, Debug)]
pub struct StaffAccount {
    /// Whose it is.
    pub member_id: MemberId,
    /// What `staff::verify` compares with.
    pub password_hash: String,
}

/// The account of that username, unless it is disabled.
pub async fn find(db: &impl ConnectionTrait, username: &str) -> Result<Option<StaffAccount>, DbErr> {
    let row = Entity::find().filter(Column::Username.eq(username.to_lowercase())).one(db).await?;
    Ok(row
        .filter(|row| row.disabled_at.is_none())
        .map(|row| StaffAccount { member_id: MemberId(row.member_id), password_hash: row.password_hash }))
}

/// Adds an account. Usernames are the same in upper and lower case.
pub async fn insert(tx: &Tx, username: &str, account: StaffAccount) -> Result<(), DbErr> {
    let row = ActiveModel {
        member_id: Set(account.member_id.0),
        username: Set(username.to_lowercase()),
        password_hash: Set(account.password_hash),
        created_at: Set(tx.now()),
        disabled_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(tx).await.map(|_rows| ())
}
