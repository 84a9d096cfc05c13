//! What a unit or a member promises in a campaign. `unit_id` is whom it counts for.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kit::values::{CampaignId, MemberId, PledgeId, UnitId};

/// Of which kind a pledger is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum PledgerKind {
    /// A unit.
    Unit,
    /// A member.
    Member,
}

/// Where a pledge stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum PledgeStatus {
    /// Being written.
    Draft,
    /// Sealed: it takes check-ins.
    Signed,
    /// Every commitment is reached: as much as it promises was verified, in time or later.
    Fulfilled,
    /// A commitment that is not reached is past its due day, or the campaign was closed before it was. What is verified late
    /// can still fulfil it.
    Lapsed,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "pledge")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PledgeId,
    pub campaign_id: CampaignId,
    pub pledger_kind: PledgerKind,
    pub unit_id: UnitId,
    pub member_id: Option<MemberId>,
    pub status: PledgeStatus,
    pub current_version: i32,
    pub signed_at: Option<DateTimeUtc>,
    pub signed_by: Option<MemberId>,
    pub verification_code: Option<String>,
    /// When the first commitment that is not reached is due; none when all are, or none is signed. Kept for speed, written in the
    /// same transaction as the ledger, and proved by `recount`.
    pub next_due_on: Option<Date>,
    pub created_by: MemberId,
    pub created_at: DateTimeUtc,
    pub version: i64,
}

impl ActiveModelBehavior for ActiveModel {}
