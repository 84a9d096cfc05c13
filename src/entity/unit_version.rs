//! What a unit was called and stood under, from a day (included) to a day (not included).

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "unit_version")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub unit_id: Uuid,
    pub name: String,
    pub short_name: Option<String>,
    pub folded_name: String,
    pub kind: String,
    pub parent_id: Option<Uuid>,
    pub valid_from: Date,
    pub valid_to: Date,
}

impl ActiveModelBehavior for ActiveModel {}
