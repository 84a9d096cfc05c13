//! Something people read: news, a work, an event, a commendation, an announcement.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kit::values::{ActivityId, CampaignId, MemberId, UnitId};

/// What an activity tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum ActivityKind {
    /// Tin tức.
    News,
    /// Công trình, mô hình, phần việc.
    Work,
    /// Sự kiện.
    Event,
    /// Biểu dương, khen thưởng.
    Commendation,
    /// Thông báo.
    Announcement,
}

/// How far an activity has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum ActivityStatus {
    /// Being written; seen by its editors alone.
    Draft,
    /// Handed in for publication; seen by its editors alone.
    Submitted,
    /// For everybody to read.
    Published,
    /// Taken out of sight; seen by its editors alone.
    Archived,
}

shown_as_kept!(ActivityStatus);

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "activity")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ActivityId,
    pub kind: ActivityKind,
    pub title: String,
    pub summary: String,
    pub body_markdown: String,
    pub body_html: String,
    pub folded_text: String,
    pub campaign_id: Option<CampaignId>,
    pub unit_id: UnitId,
    #[sea_orm(column_type = "JsonBinary")]
    pub tags: Json,
    pub status: ActivityStatus,
    pub is_pinned: bool,
    pub publish_at: Option<DateTimeUtc>,
    pub published_at: Option<DateTimeUtc>,
    pub created_by: Option<MemberId>,
    pub created_at: DateTimeUtc,
    pub version: i64,
}

impl ActiveModelBehavior for ActiveModel {}
