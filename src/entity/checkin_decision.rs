//! What a manager decided about a check-in, as it was then.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "checkin_decision")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub checkin_id: Uuid,
    pub member_id: Uuid,
    pub status: String,
    pub quantity: i64,
    pub reason: Option<String>,
    pub decided_by: Option<Uuid>,
    pub decided_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
