//! Memberships on the wire.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Membership;
use crate::{
    kit::values::{MemberId, MembershipId, UnitId, clock::NO_END, patch::given},
    organisation::members::MembershipKind,
};

/// A membership to be made.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMembership {
    /// An id of your own making: any UUID (RFC 9562) but nil and max, best of version 7, which sorts by time. Made by the server
    /// when absent.
    pub id: Option<MembershipId>,
    /// `home`: from then on they are at home here, and no longer where they were. `temporary`: they are here for a while too.
    pub kind: MembershipKind,
    /// In which unit.
    pub unit_id: UnitId,
    /// From which day; absent: from today. A day that is past takes an admin.
    #[schema(examples("2026-07-01"))]
    pub valid_from: Option<NaiveDate>,
    /// Until which day (not included); absent: no end is known.
    #[schema(examples("2027-01-01"))]
    pub valid_to: Option<NaiveDate>,
}

/// When a membership ends.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"valid_to": "2026-07-01"}))]
pub struct MembershipPatch {
    /// Until which day (not included); null: no end is known. A day that is past takes an admin.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<NaiveDate>)]
    pub valid_to: Option<Option<NaiveDate>>,
}

/// Somebody's place in a unit.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MembershipView {
    /// Its id.
    pub id: MembershipId,
    /// Whose.
    pub member_id: MemberId,
    /// In which unit.
    pub unit_id: UnitId,
    /// What that is called, or was when it ended.
    #[schema(examples("Chi bộ Trường Cao đẳng Du lịch Đà Lạt"))]
    pub unit_name: String,
    /// At home or for a while.
    pub kind: MembershipKind,
    /// From which day.
    pub valid_from: NaiveDate,
    /// Until which day (not included); null: no end is known.
    pub valid_to: Option<NaiveDate>,
}

impl MembershipView {
    /// A membership with what its unit is called.
    pub fn new(membership: Membership, unit_name: String) -> Self {
        Self {
            id: membership.id,
            member_id: membership.member_id,
            unit_id: membership.unit_id,
            unit_name,
            kind: membership.kind,
            valid_from: membership.valid_from,
            valid_to: (membership.valid_to != NO_END).then_some(membership.valid_to),
        }
    }
}

/// Which memberships.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MembershipFilter {
    /// Only those that hold on this day.
    pub as_of: Option<NaiveDate>,
    /// How many items at the most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[param(max_length = 1000)]
    pub cursor: Option<String>,
}
