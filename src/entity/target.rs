//! What a campaign is measured by: a quantity, which adds up, or a percentage, which does not.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kit::values::{CampaignId, TargetId};

/// How a target's figure is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// It adds up.
    Quantity,
    /// It does not: its figure is the verified sum of another target over a stated whole.
    Percentage,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "target")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TargetId,
    pub campaign_id: CampaignId,
    pub ordinal: i32,
    pub name: String,
    pub unit_of_measure: String,
    pub kind: TargetKind,
    pub goal: Option<i64>,
    pub numerator_target_id: Option<TargetId>,
    pub denominator: Option<i64>,
    pub usual_quantity: Option<i64>,
    pub usual_found_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
