//! An emulation campaign.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kit::values::{CampaignId, MemberId, UnitId};

/// What form a campaign has (Law on Emulation and Commendation, article 16; peaks are everyday speech for short ones).
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
#[schema(as = CampaignKind)]
pub enum Kind {
    /// Thi đua thường xuyên.
    Regular,
    /// Đợt thi đua cao điểm.
    Peak,
    /// Thi đua theo chuyên đề.
    Thematic,
}

/// Where a campaign stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
#[schema(as = CampaignStatus)]
pub enum Status {
    /// Being written; only its editors see it.
    Draft,
    /// Running: it takes pledges and check-ins.
    Launched,
    /// Over.
    Closed,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "campaign")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CampaignId,
    pub kind: Kind,
    pub title: String,
    pub folded_title: String,
    pub slogan: Option<String>,
    pub summary: Option<String>,
    pub body: Option<String>,
    pub status: Status,
    pub starts_on: Date,
    pub ends_on: Date,
    pub launched_by_unit_id: UnitId,
    pub launched_at: Option<DateTimeUtc>,
    pub closed_at: Option<DateTimeUtc>,
    pub created_by: Option<MemberId>,
    pub created_at: DateTimeUtc,
    pub version: i64,
}

impl ActiveModelBehavior for ActiveModel {}
