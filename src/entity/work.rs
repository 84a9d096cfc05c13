//! A work that a unit carries out in a campaign.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kit::values::{CampaignId, Quantity, UnitId, WorkId};

/// Of which kind a work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum WorkKind {
    /// Công trình.
    Project,
    /// Mô hình.
    Model,
    /// Phần việc.
    Task,
}

/// Where a work stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum WorkStatus {
    /// It is meant to be.
    Planned,
    /// It is under way.
    InProgress,
    /// It is done.
    Completed,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "work")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WorkId,
    pub campaign_id: CampaignId,
    pub unit_id: UnitId,
    pub kind: WorkKind,
    pub title: String,
    pub summary: Option<String>,
    pub place: Option<String>,
    pub unit_of_measure: Option<String>,
    pub goal: Option<Quantity>,
    pub achieved: Option<Quantity>,
    pub status: WorkStatus,
    pub created_at: DateTimeUtc,
    pub version: i64,
}

impl ActiveModelBehavior for ActiveModel {}
