//! What a campaign is measured by: a quantity, which adds up, or a percentage, which does not.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "target")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub campaign_id: Uuid,
    pub ordinal: i32,
    pub name: String,
    pub unit_of_measure: String,
    pub kind: String,
    pub goal: Option<i64>,
    pub numerator_target_id: Option<Uuid>,
    pub denominator: Option<i64>,
    pub usual_quantity: Option<i64>,
    pub usual_found_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
