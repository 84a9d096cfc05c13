//! A word of a member's name without diacritics, by the bytes of which they are found.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "member_name_word")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Blob")]
    pub word: Vec<u8>,
    #[sea_orm(primary_key, auto_increment = false)]
    pub member_id: Uuid,
}

impl ActiveModelBehavior for ActiveModel {}
