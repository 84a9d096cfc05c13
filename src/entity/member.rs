//! The public part of a person; what is private sits in `member_private`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "member")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub display_name: String,
    #[sea_orm(column_type = "Blob")]
    pub sort_key: Vec<u8>,
    pub folded_name: String,
    pub avatar_url: Option<String>,
    pub created_at: DateTimeUtc,
    pub version: i64,
    pub erased_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
