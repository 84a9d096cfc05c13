//! What the server last started with, for commands that must agree with it.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "setting_in_use")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    pub value: String,
    pub noted_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
