//! A piece of a file that waits to be read, encrypted. Gone as soon as it is read.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "import_chunk")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub import_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub ordinal: i32,
    #[sea_orm(column_type = "Blob")]
    pub content_cipher: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
