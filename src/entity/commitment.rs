//! A measurable promise inside a pledge. Quantities are thousandths.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "commitment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub pledge_id: Uuid,
    pub ordinal: i32,
    pub target_id: Option<Uuid>,
    pub title: String,
    pub unit_of_measure: String,
    pub quantity: i64,
    pub due_on: Date,
    pub cadence: String,
}

impl ActiveModelBehavior for ActiveModel {}
