//! All SQL about markers. They are kept among the settings in use: `media.folder <marker>` is `shared` or `apart`.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, DbBackend, DbErr, EntityTrait as _, QueryFilter as _,
    sea_query::OnConflict,
};
use uuid::Uuid;

use super::Finding;
use crate::{
    db::Tx,
    entity::setting_in_use::{ActiveModel, Column, Entity},
};

const PREFIX: &str = "media.folder ";

/// A marker as it was noted.
#[derive(Clone, Copy, Debug)]
pub struct Noted {
    /// Whose.
    pub marker: Uuid,
    /// What that process has found.
    pub finding: Finding,
}

/// May there be processes on other machines? SQLite is a file on this one.
pub fn has_replicas(db: &impl ConnectionTrait) -> bool {
    db.get_database_backend() == DbBackend::Postgres
}

/// Notes what a process has found.
pub async fn note(tx: &Tx, marker: Uuid, finding: Finding) -> Result<(), DbErr> {
    let row = ActiveModel {
        name: Set(format!("{PREFIX}{}", marker.simple())),
        value: Set(finding.name().to_owned()),
        noted_at: Set(tx.now()),
    };
    let update = OnConflict::column(Column::Name).update_columns([Column::Value, Column::NotedAt]).to_owned();
    Entity::insert(row).on_conflict(update).exec_without_returning(tx).await.map(|_rows| ())
}

/// Those that were noted since then.
pub async fn noted_since(db: &impl ConnectionTrait, since: DateTime<Utc>) -> Result<Vec<Noted>, DbErr> {
    let rows =
        Entity::find().filter(Column::Name.starts_with(PREFIX)).filter(Column::NotedAt.gte(since)).all(db).await?;
    let noted = |name: &str, value: &str| {
        let marker = name.strip_prefix(PREFIX)?.parse().ok()?;
        let finding = if value == Finding::Apart.name() { Finding::Apart } else { Finding::Shared };
        Some(Noted { marker, finding })
    };
    Ok(rows.iter().filter_map(|row| noted(&row.name, &row.value)).collect())
}

/// Forgets those that were noted before then.
pub async fn delete_noted_before(tx: &Tx, before: DateTime<Utc>) -> Result<(), DbErr> {
    let old = Entity::delete_many().filter(Column::Name.starts_with(PREFIX)).filter(Column::NotedAt.lt(before));
    old.exec(tx).await.map(|_rows| ())
}
