//! A key pair for access tokens; the private half is encrypted.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "signing_key")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub kid: String,
    pub public_key: String,
    pub private_cipher: String,
    pub created_at: DateTimeUtc,
    pub signs_from: DateTimeUtc,
    pub verifies_until: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
