//! What is to become of a row, and of whom or what. Gone when the import has ended.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "import_plan")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub import_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub ordinal: i32,
    pub number: i32,
    pub outcome: String,
    pub subject_id: Option<Uuid>,
}

impl ActiveModelBehavior for ActiveModel {}
