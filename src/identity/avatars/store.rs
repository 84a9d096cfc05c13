//! All SQL about avatars.

use std::collections::HashSet;

use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _,
    sea_query::OnConflict,
};

use crate::{
    db::Tx,
    entity::avatar::{ActiveModel, Column, Entity},
    kit::values::MemberId,
};

/// The hash of a member's avatar.
pub async fn hash_of(db: &impl ConnectionTrait, member: MemberId) -> Result<Option<String>, DbErr> {
    Ok(Entity::find_by_id(member).one(db).await?.map(|row| row.content_hash))
}

/// Which of these hashes are somebody's avatar.
pub async fn used(db: &impl ConnectionTrait, hashes: &[String]) -> Result<HashSet<String>, DbErr> {
    let rows = Entity::find().filter(Column::ContentHash.is_in(hashes.iter().map(String::as_str))).all(db).await?;
    Ok(rows.into_iter().map(|row| row.content_hash).collect())
}

/// Keeps which avatar a member has.
pub async fn set(tx: &Tx, member: MemberId, hash: &str) -> Result<(), DbErr> {
    let row = ActiveModel { member_id: Set(member), content_hash: Set(hash.to_owned()), created_at: Set(tx.now()) };
    let update =
        OnConflict::column(Column::MemberId).update_columns([Column::ContentHash, Column::CreatedAt]).to_owned();
    Entity::insert(row).on_conflict(update).exec_without_returning(tx).await.map(|_rows| ())
}

/// Forgets a member's avatar.
pub async fn delete(tx: &Tx, member: MemberId) -> Result<(), DbErr> {
    Entity::delete_by_id(member).exec(tx).await.map(|_rows| ())
}
