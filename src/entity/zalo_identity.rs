//! One person's three Zalo ids: the app's, the Official Account's, and the app's as the account shows it.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "zalo_identity")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub member_id: Uuid,
    pub app_user_cipher: String,
    pub app_user_hash: String,
    pub oa_user_cipher: Option<String>,
    pub oa_user_hash: Option<String>,
    pub shown_user_cipher: Option<String>,
    pub shown_user_hash: Option<String>,
    pub follows_oa: bool,
    pub linked_at: DateTimeUtc,
    pub signed_in_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
