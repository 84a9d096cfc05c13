//! The explanation of a figure on the wire.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::kit::{
    http::Listed,
    values::{CheckinId, Quantity, Total, UnitId},
};

/// What is behind a target's verified figure.
#[derive(Debug, Serialize, ToSchema)]
pub struct TargetExplanation {
    /// The figure.
    pub verified: Total,
    /// How it is made, in the language of `Accept-Language`.
    #[schema(examples("Tổng số lượng của các báo cáo đã được xác nhận."))]
    pub rule: String,
    /// Its parts, by unit; they sum to it exactly.
    pub units: Vec<UnitShare>,
    /// Its check-ins, the latest id first; all pages together sum to it exactly.
    pub checkins: Listed<CountedCheckin>,
}

/// A unit's part of a figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct UnitShare {
    /// Which unit.
    pub unit_id: UnitId,
    /// Its part.
    pub verified: Total,
}

/// A check-in behind a figure. Whose it is does not matter here.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CountedCheckin {
    /// Which.
    pub id: CheckinId,
    /// How much.
    pub quantity: Quantity,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// For which unit it counts.
    pub unit_id: UnitId,
}

/// Which part of the check-ins.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExplanationFilter {
    /// How many check-ins at the most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u64>,
    /// `checkins.next_cursor` of the page before.
    #[param(max_length = 1000)]
    pub cursor: Option<String>,
}
