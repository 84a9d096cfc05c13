//! A third-party front end that signs itself in.

use sea_orm::entity::prelude::*;

use crate::kit::values::ClientAppId;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "client_app")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ClientAppId,
    pub client_id: String,
    pub name: String,
    pub secret_hash: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub scopes: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub allowed_origins: Json,
    pub requests_per_minute: Option<i32>,
    pub created_at: DateTimeUtc,
    pub disabled_at: Option<DateTimeUtc>,
    pub deleted_at: Option<DateTimeUtc>,
    pub version: i64,
}

impl ActiveModelBehavior for ActiveModel {}
