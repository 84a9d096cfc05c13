//! The review queue on the wire.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    campaigns::checkins::{CheckinView, ReviewRow},
    kit::values::{CampaignId, Quantity},
};

/// A check-in that waits, with what a manager needs to decide.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReviewItem {
    /// The check-in.
    pub checkin: CheckinView,
    /// The version of the check-in: send it with your decision (`POST /v1/checkins/{checkin_id}/verify` or `/return`). Where its
    /// author has changed it meanwhile, the answer is 412.
    #[schema(examples(1))]
    pub version: i64,
    /// Who sent it.
    #[schema(examples("Nguyễn Thị Mẫu"))]
    pub member_name: String,
    /// The unit that it counts for.
    #[schema(examples("Chi bộ Trường Cao đẳng Du lịch Đà Lạt"))]
    pub unit_name: String,
    /// In which campaign.
    #[schema(examples("Chung tay trồng cây xanh năm 2026"))]
    pub campaign_title: String,
    /// For what.
    #[schema(examples("Trồng cây xanh quanh trụ sở"))]
    pub commitment_title: String,
    /// What it is counted in.
    #[schema(examples("cây"))]
    pub unit_of_measure: String,
    /// How much was promised in all.
    pub promised: Quantity,
}

impl ReviewItem {
    /// A row with what people and units are called.
    pub fn new(row: ReviewRow, member_name: String, unit_name: String) -> Self {
        Self {
            version: row.checkin.version,
            checkin: row.checkin.into(),
            member_name,
            unit_name,
            campaign_title: row.campaign_title,
            commitment_title: row.commitment_title,
            unit_of_measure: row.unit_of_measure,
            promised: row.promised,
        }
    }
}

/// What kind of waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Waiting {
    /// Nothing is odd about it.
    Submitted,
    /// Something is.
    Held,
}

/// Which check-ins.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReviewFilter {
    /// Only those of this campaign.
    pub campaign_id: Option<CampaignId>,
    /// Only those that stand here; absent: both.
    #[param(inline)]
    pub status: Option<Waiting>,
    /// How many items at the most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[param(max_length = 1000)]
    pub cursor: Option<String>,
}
