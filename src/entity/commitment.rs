//! A measurable promise inside a pledge. Quantities are thousandths.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kit::values::{CommitmentId, PledgeId, TargetId};

/// How often the pledger means to check in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Cadence {
    /// Once, by the due day.
    Once,
    /// Every day.
    Daily,
    /// Every week, from Monday.
    Weekly,
    /// Every month.
    Monthly,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "commitment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CommitmentId,
    pub pledge_id: PledgeId,
    pub ordinal: i32,
    pub target_id: Option<TargetId>,
    pub title: String,
    pub unit_of_measure: String,
    pub quantity: i64,
    pub due_on: Date,
    pub cadence: Cadence,
}

impl ActiveModelBehavior for ActiveModel {}
