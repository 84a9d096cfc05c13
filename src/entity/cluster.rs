//! An emulation cluster of a year.

use sea_orm::entity::prelude::*;

use crate::kit::values::ClusterId;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "cluster")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ClusterId,
    pub name: String,
    pub year: i32,
    pub motto: Option<String>,
    pub signed_on: Option<Date>,
    pub created_at: DateTimeUtc,
    pub version: i64,
}

impl ActiveModelBehavior for ActiveModel {}
