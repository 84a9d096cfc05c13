//! Who belongs to which unit, from a day to a day; one home at a time.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "membership")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub member_id: Uuid,
    pub unit_id: Uuid,
    pub kind: String,
    pub valid_from: Date,
    pub valid_to: Date,
}

impl ActiveModelBehavior for ActiveModel {}
