//! All SQL about client apps.

use std::{collections::HashSet, num::NonZeroU32};

use sea_orm::{
    ActiveValue::{NotSet, Set, Unchanged},
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use serde_json::json;

use super::ClientApp;
use crate::{
    db::Tx,
    entity::client_app::{ActiveModel, Column, Entity, Model},
    kit::{http::Page, values::ClientAppId},
};

/// The app that signs in by this name, unless it is disabled.
pub async fn find_by_client_id(db: &impl ConnectionTrait, client_id: &str) -> Result<Option<ClientApp>, DbErr> {
    let row = Entity::find().filter(Column::ClientId.eq(client_id)).one(db).await?;
    Ok(row.filter(|row| row.disabled_at.is_none()).map(ClientApp::from))
}

/// The app of that id, disabled or not; none once it is deleted.
pub async fn find(db: &impl ConnectionTrait, id: ClientAppId) -> Result<Option<ClientApp>, DbErr> {
    let row = Entity::find_by_id(id).filter(Column::DeletedAt.is_null()).one(db).await?;
    Ok(row.map(ClientApp::from))
}

/// The same for a change. It is not changed by anybody else until the end of the
/// transaction.
pub async fn find_for_change(tx: &Tx, id: ClientAppId) -> Result<Option<ClientApp>, DbErr> {
    let row = Entity::find_by_id(id).filter(Column::DeletedAt.is_null()).lock_exclusive().one(tx).await?;
    Ok(row.map(ClientApp::from))
}

/// A page of the apps, the oldest first.
pub async fn page(db: &impl ConnectionTrait, page: &Page<ClientAppId>) -> Result<Vec<ClientApp>, DbErr> {
    let mut query = Entity::find().filter(Column::DeletedAt.is_null()).order_by_asc(Column::Id).limit(page.fetch());
    if let Some(after) = page.after {
        query = query.filter(Column::Id.gt(after));
    }
    Ok(query.all(db).await?.into_iter().map(ClientApp::from).collect())
}

/// Every origin of the apps that are not disabled.
pub async fn origins(db: &impl ConnectionTrait) -> Result<HashSet<String>, DbErr> {
    let rows = Entity::find().filter(Column::DisabledAt.is_null()).all(db).await?;
    Ok(rows.into_iter().flat_map(|row| ClientApp::from(row).allowed_origins).collect())
}

/// Adds an app.
pub async fn insert(tx: &Tx, app: &ClientApp) -> Result<(), DbErr> {
    let row = ActiveModel { created_at: Set(tx.now()), deleted_at: Set(None), ..to_row(app) };
    Entity::insert(row).exec_without_returning(tx).await.map(|_rows| ())
}

/// Saves an app as its next version.
pub async fn save(tx: &Tx, app: &mut ClientApp) -> Result<(), DbErr> {
    app.version = app.version.saturating_add(1);
    Entity::update(ActiveModel { id: Unchanged(app.id), ..to_row(app) }).exec(tx).await.map(|_row| ())
}

/// Ends an app for good. Its row stays: the audit log speaks of it.
pub async fn delete(tx: &Tx, id: ClientAppId) -> Result<(), DbErr> {
    let row = ActiveModel {
        id: Unchanged(id),
        disabled_at: Set(Some(tx.now())),
        deleted_at: Set(Some(tx.now())),
        ..Default::default()
    };
    Entity::update(row).exec(tx).await.map(|_row| ())
}

fn to_row(app: &ClientApp) -> ActiveModel {
    ActiveModel {
        id: Set(app.id),
        client_id: Set(app.client_id.clone()),
        name: Set(app.name.clone()),
        secret_hash: Set(app.secret_hash.clone()),
        scopes: Set(json!(app.scopes)),
        allowed_origins: Set(json!(app.allowed_origins)),
        requests_per_minute: Set(app.requests_per_minute.and_then(|number| i32::try_from(number.get()).ok())),
        created_at: NotSet,
        disabled_at: Set(app.disabled_at),
        deleted_at: NotSet,
        version: Set(app.version),
    }
}

impl From<Model> for ClientApp {
    fn from(row: Model) -> Self {
        let number = row.requests_per_minute.and_then(|number| u32::try_from(number).ok());
        Self {
            id: row.id,
            client_id: row.client_id,
            name: row.name,
            secret_hash: row.secret_hash,
            scopes: serde_json::from_value(row.scopes).unwrap_or_default(),
            allowed_origins: serde_json::from_value(row.allowed_origins).unwrap_or_default(),
            requests_per_minute: number.and_then(NonZeroU32::new),
            created_at: row.created_at,
            disabled_at: row.disabled_at,
            version: row.version,
        }
    }
}
