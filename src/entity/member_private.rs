//! Personal data, encrypted, joined by the member's internal id so that it can be erased alone.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "member_private")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub member_id: Uuid,
    pub phone_cipher: Option<String>,
    pub phone_hash: Option<String>,
    pub email_cipher: Option<String>,
    pub email_hash: Option<String>,
    pub code_cipher: Option<String>,
    pub code_hash: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
