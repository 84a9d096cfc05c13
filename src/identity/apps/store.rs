//! All SQL about client apps.

use sea_orm::{ActiveValue::Set, ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _};

use crate::{
    db::Tx,
    entity::client_app::{ActiveModel, Column, Entity},
    kit::{ids::ClientAppId, secret::token_hash},
};

/// A client app.
#[derive(Clone, Debug)]
pub struct ClientApp {
    /// Its id.
    pub id: ClientAppId,
    /// What it signs in as.
    pub client_id: String,
    /// What people call it.
    pub name: String,
    /// The hash of its secret.
    pub secret_hash: String,
    /// What it may do.
    pub scopes: Vec<String>,
}

impl ClientApp {
    /// A new app with this secret, which is not kept.
    pub fn new(client_id: &str, name: &str, secret: &str, scopes: &[&str]) -> Self {
        Self {
            id: ClientAppId::new(),
            client_id: client_id.to_owned(),
            name: name.to_owned(),
            secret_hash: token_hash(secret),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        }
    }
}

/// The app that signs in by this name, unless it is disabled.
pub async fn find_by_client_id(db: &impl ConnectionTrait, client_id: &str) -> Result<Option<ClientApp>, DbErr> {
    let row = Entity::find().filter(Column::ClientId.eq(client_id)).one(db).await?;
    Ok(row.filter(|row| row.disabled_at.is_none()).map(|row| ClientApp {
        id: ClientAppId(row.id),
        client_id: row.client_id,
        name: row.name,
        secret_hash: row.secret_hash,
        scopes: serde_json::from_value(row.scopes).unwrap_or_default(),
    }))
}

/// Adds an app.
pub async fn insert(tx: &Tx, app: &ClientApp) -> Result<(), DbErr> {
    let row = ActiveModel {
        id: Set(app.id.0),
        client_id: Set(app.client_id.clone()),
        name: Set(app.name.clone()),
        secret_hash: Set(app.secret_hash.clone()),
        scopes: Set(serde_json::json!(app.scopes)),
        created_at: Set(tx.now()),
        disabled_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(tx).await.map(|_rows| ())
}
