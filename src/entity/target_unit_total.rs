//! A summary of the ledger for speed, written in the same transaction and proved by `recount`. The nil phase is "outside every phase".

use sea_orm::entity::prelude::*;

use crate::kit::values::{PhaseId, TargetId, UnitId};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "target_unit_total")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub target_id: TargetId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub unit_id: UnitId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub phase_id: PhaseId,
    pub reported: i64,
    pub verified: i64,
}

impl ActiveModelBehavior for ActiveModel {}
