//! Role grants on the wire.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::RoleGrant;
use crate::kit::{
    http::Role,
    problems::{FaultCode, Faults},
    values::{MemberId, RoleGrantId, UnitId, clock::NO_END},
};

/// A role to be given.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRoleGrant {
    /// To whom.
    pub member_id: MemberId,
    /// `unit_manager`, `editor` or `admin`; `guest` and `member` follow from memberships.
    pub role: Role,
    /// Over which unit and all below it; absent for `admin`, which is everywhere.
    pub unit_id: Option<UnitId>,
    /// From which day; absent: from today.
    #[schema(examples("2026-01-01"))]
    pub valid_from: Option<NaiveDate>,
    /// Until which day (not included); absent: no end is known.
    #[schema(examples("2027-01-01"))]
    pub valid_to: Option<NaiveDate>,
}

impl NewRoleGrant {
    /// The grant, with what makes no sense in it.
    pub fn parse(self, granted_by: MemberId, today: NaiveDate, faults: &mut Faults) -> RoleGrant {
        let valid_from = self.valid_from.unwrap_or(today);
        let valid_to = self.valid_to.unwrap_or(NO_END);
        faults.add_if(self.role < Role::UnitManager, "/role", FaultCode::NotAllowed);
        let needs_unit = matches!(self.role, Role::UnitManager | Role::Editor);
        faults.add_if(needs_unit && self.unit_id.is_none(), "/unit_id", FaultCode::Missing);
        faults.add_if(self.role == Role::Admin && self.unit_id.is_some(), "/unit_id", FaultCode::NotAllowed);
        faults.add_if(valid_to <= valid_from, "/valid_to", FaultCode::EndsBeforeStart);
        RoleGrant {
            id: RoleGrantId::new(),
            member_id: self.member_id,
            role: self.role,
            unit_id: self.unit_id,
            valid_from,
            valid_to,
            granted_by: Some(granted_by),
        }
    }
}

/// A role that somebody holds.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RoleGrantView {
    /// Its id.
    pub id: RoleGrantId,
    /// Who holds it.
    pub member_id: MemberId,
    /// Which role.
    pub role: Role,
    /// Over which unit and all below it; null: everywhere.
    pub unit_id: Option<UnitId>,
    /// From which day.
    #[schema(examples("2026-01-01"))]
    pub valid_from: NaiveDate,
    /// Until which day (not included); null: no end is known.
    pub valid_to: Option<NaiveDate>,
    /// Who gave it; null: whoever set this server up.
    pub granted_by: Option<MemberId>,
}

impl From<RoleGrant> for RoleGrantView {
    fn from(grant: RoleGrant) -> Self {
        Self {
            id: grant.id,
            member_id: grant.member_id,
            role: grant.role,
            unit_id: grant.unit_id,
            valid_from: grant.valid_from,
            valid_to: (grant.valid_to != NO_END).then_some(grant.valid_to),
            granted_by: grant.granted_by,
        }
    }
}

/// Which grants.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RoleGrantFilter {
    /// Only those of this member.
    pub member_id: Option<MemberId>,
    /// How many items at the most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[param(max_length = 1000)]
    pub cursor: Option<String>,
}
