//! Progress on the wire.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::kit::values::{CampaignId, Quantity, TargetId, Total, UnitId};

/// The figures of a campaign.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProgressView {
    /// The moment they stand at.
    pub as_of: DateTime<Utc>,
    /// By target, in the campaign's order. Nothing adds across them.
    pub targets: Vec<TargetProgress>,
}

/// The figures of a target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TargetProgress {
    /// Of which.
    pub id: TargetId,
    /// Its name.
    #[schema(examples("Cây xanh trồng mới"))]
    pub name: String,
    /// What it is counted in.
    #[schema(examples("cây"))]
    pub unit_of_measure: String,
    /// How much is to be reached.
    pub goal: Option<Quantity>,
    /// The sum of the commitments in signed pledges.
    pub pledged: Total,
    /// The sum of the check-ins that were submitted or verified.
    pub reported: Total,
    /// The sum of the check-ins that were verified.
    pub verified: Total,
    /// What was verified, in percent of the goal, to 3 decimals; null without a goal. For a percentage: its figure itself.
    pub percent: Option<Total>,
    /// By unit: those with any figure, by name.
    pub units: Vec<UnitProgress>,
}

/// The figures of a target in a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct UnitProgress {
    /// Of which unit.
    pub unit_id: UnitId,
    /// Its name.
    #[schema(examples("Chi bộ Trường Cao đẳng Du lịch Đà Lạt"))]
    pub name: String,
    /// What it has pledged.
    pub pledged: Total,
    /// What it has reported.
    pub reported: Total,
    /// What of it was verified.
    pub verified: Total,
}

/// Of which day.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProgressFilter {
    /// What happened up to this day, by the units of that day; absent: everything, by the units of today.
    pub as_of: Option<NaiveDate>,
}

/// Of which campaign and day.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UnitProgressFilter {
    /// Only of this campaign; absent: of those with the day in their time.
    pub campaign_id: Option<CampaignId>,
    /// What happened up to this day, by the units of that day; absent: everything, by the units of today.
    pub as_of: Option<NaiveDate>,
}

/// The figures of a unit and of all below it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UnitProgressView {
    /// The moment they stand at.
    pub as_of: DateTime<Utc>,
    /// Of which unit.
    pub unit_id: UnitId,
    /// Its name.
    #[schema(examples("Đảng bộ UBND tỉnh Lâm Đồng"))]
    pub name: String,
    /// By target. Nothing adds across them.
    pub targets: Vec<UnitTargetProgress>,
}

/// The figures of a target in a unit and all below it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UnitTargetProgress {
    /// In which campaign.
    pub campaign_id: CampaignId,
    /// Of which target.
    pub id: TargetId,
    /// Its name.
    #[schema(examples("Cây xanh trồng mới"))]
    pub name: String,
    /// What it is counted in.
    #[schema(examples("cây"))]
    pub unit_of_measure: String,
    /// How much the whole campaign is to reach.
    pub goal: Option<Quantity>,
    /// The sum of the commitments in signed pledges here.
    pub pledged: Total,
    /// The sum of the check-ins here that were submitted or verified.
    pub reported: Total,
    /// The sum of the check-ins here that were verified.
    pub verified: Total,
    /// What was verified here, in percent of the whole campaign's goal, to 3 decimals; null without a goal.
    pub percent: Option<Total>,
    /// By the units directly below, each with all below it, and the unit itself; those with any figure, by name.
    pub units: Vec<UnitProgress>,
}

impl From<(CampaignId, TargetProgress)> for UnitTargetProgress {
    fn from((campaign_id, target): (CampaignId, TargetProgress)) -> Self {
        Self {
            campaign_id,
            id: target.id,
            name: target.name,
            unit_of_measure: target.unit_of_measure,
            goal: target.goal,
            pledged: target.pledged,
            reported: target.reported,
            verified: target.verified,
            percent: target.percent,
            units: target.units,
        }
    }
}
