//! A provider's token pair, encrypted; the new pair is stored before it is used.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "provider_token")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub provider: String,
    pub access_cipher: String,
    pub refresh_cipher: String,
    pub access_expires_at: DateTimeUtc,
    pub renewed_at: DateTimeUtc,
    pub renewing_until: Option<DateTimeUtc>,
    pub renewing_owner: Option<String>,
    pub failed_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
