//! Why a row was left out. Holds nothing personal.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "import_conflict")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub import_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub place: i32,
    pub column_name: Option<String>,
    pub code: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub worded_with: Json,
}

impl ActiveModelBehavior for ActiveModel {}
