//! What someone did for a commitment; the id is made by the phone. The unit is that of the day it happened on.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "checkin")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub pledge_id: Uuid,
    pub commitment_id: Uuid,
    pub campaign_id: Uuid,
    pub target_id: Option<Uuid>,
    pub phase_id: Option<Uuid>,
    pub unit_id: Uuid,
    pub member_id: Uuid,
    pub quantity: i64,
    pub note: Option<String>,
    pub occurred_at: DateTimeUtc,
    pub received_at: DateTimeUtc,
    pub day: Date,
    pub latitude_e6: Option<i32>,
    pub longitude_e6: Option<i32>,
    pub accuracy_m: Option<i32>,
    pub status: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub flags: Json,
    pub return_reason: Option<String>,
    pub decided_by: Option<Uuid>,
    pub decided_at: Option<DateTimeUtc>,
    pub content_hash: String,
    pub version: i64,
}

impl ActiveModelBehavior for ActiveModel {}
