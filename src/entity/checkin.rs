//! What someone did for a commitment; the id is made by the phone. The unit is that of the day it happened on.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kit::values::{CampaignId, CheckinId, CommitmentId, MemberId, PhaseId, PledgeId, TargetId, UnitId};

/// Where a check-in stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum CheckinStatus {
    /// Received; it counts as reported.
    Submitted,
    /// Something is odd about it (`flags`); it counts only after a manager has decided.
    Held,
    /// A manager has verified it; it counts as reported and as verified.
    Verified,
    /// A manager has returned it with a reason; it does not count.
    Returned,
    /// Its author has withdrawn it; it does not count.
    Withdrawn,
}

shown_as_kept!(CheckinStatus);

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "checkin")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CheckinId,
    pub pledge_id: PledgeId,
    pub commitment_id: CommitmentId,
    pub campaign_id: CampaignId,
    pub target_id: Option<TargetId>,
    pub phase_id: Option<PhaseId>,
    pub unit_id: UnitId,
    pub member_id: MemberId,
    pub quantity: i64,
    pub note: Option<String>,
    pub occurred_at: DateTimeUtc,
    pub received_at: DateTimeUtc,
    pub day: Date,
    pub latitude_e6: Option<i32>,
    pub longitude_e6: Option<i32>,
    pub accuracy_m: Option<i32>,
    pub status: CheckinStatus,
    #[sea_orm(column_type = "JsonBinary")]
    pub flags: Json,
    pub return_reason: Option<String>,
    pub decided_by: Option<MemberId>,
    pub decided_at: Option<DateTimeUtc>,
    pub content_hash: String,
    pub version: i64,
}

impl ActiveModelBehavior for ActiveModel {}
