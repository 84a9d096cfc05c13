//! All SQL about settings in use.

use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait as _, sea_query::OnConflict};

use crate::{
    db::Tx,
    entity::setting_in_use::{ActiveModel, Column, Entity},
};

/// Notes what a setting is, as a server starts.
pub async fn note(tx: &Tx, name: &str, value: &str) -> Result<(), DbErr> {
    let row = ActiveModel { name: Set(name.to_owned()), value: Set(value.to_owned()), noted_at: Set(tx.now()) };
    let update = OnConflict::column(Column::Name).update_columns([Column::Value, Column::NotedAt]).to_owned();
    Entity::insert(row).on_conflict(update).exec_without_returning(tx).await.map(|_rows| ())
}

/// Writes a row and takes it away again, in one change: whether it can be committed is then known, and nothing is different.
pub async fn note_nothing(tx: &Tx) -> Result<(), DbErr> {
    const TRIAL: &str = "trial of a change";
    note(tx, TRIAL, "").await?;
    Entity::delete_by_id(TRIAL).exec(tx).await.map(|_rows| ())
}

/// What a setting was when a server last started; none before the first one.
pub async fn find(db: &impl ConnectionTrait, name: &str) -> Result<Option<String>, DbErr> {
    Ok(Entity::find_by_id(name).one(db).await?.map(|row| row.value))
}
