//! Append only. For every check-in the sum of its entries is what its state says.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_entry")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub checkin_id: Uuid,
    pub commitment_id: Uuid,
    pub target_id: Option<Uuid>,
    pub unit_id: Uuid,
    pub member_id: Uuid,
    pub phase_id: Option<Uuid>,
    pub day: Date,
    pub figure: String,
    pub delta: i64,
    pub cause: String,
    pub recorded_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
