//! Members on the wire.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Member, member::normal_phone};
use crate::kit::{
    body::Filter,
    codes::FaultCode,
    faults::Faults,
    ids::{MemberId, UnitId},
    problem::Problem,
};

/// A member to be made.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMember {
    /// An id of your own making (UUIDv7); made by the server when absent.
    pub id: Option<MemberId>,
    /// What they are called in public.
    #[schema(min_length = 1, max_length = 100, examples("Nguyễn Thị Mẫu"))]
    pub display_name: String,
    /// Where they are at home.
    pub home_unit_id: UnitId,
    /// From which day; absent: from today.
    #[schema(examples("2025-07-01"))]
    pub member_since: Option<NaiveDate>,
    /// Their mobile number: it links their first sign-in through Zalo to this member. Kept encrypted, shown to nobody.
    #[schema(min_length = 9, max_length = 20, examples("0912 345 678"))]
    pub phone: Option<String>,
}

impl NewMember {
    /// With the phone number in its one form, if everything is as it should be.
    pub fn parse(mut self) -> Result<Self, Problem> {
        let mut faults = Faults::new();
        if let Some(phone) = self.phone.take() {
            self.phone = normal_phone(&phone);
            faults.add_if(self.phone.is_none(), "/phone", FaultCode::WrongFormat);
        }
        faults.or(self)
    }
}

/// The public part of a member.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MemberView {
    /// Their id.
    pub id: MemberId,
    /// What they are called in public.
    #[schema(examples("Nguyễn Thị Mẫu"))]
    pub display_name: String,
    /// Where their picture is.
    pub avatar_url: Option<String>,
    /// Where they are at home today; null for a guest.
    pub home_unit_id: Option<UnitId>,
}

/// Which members.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MemberFilter {
    /// Only those who are at home in this unit or below it.
    pub unit_id: Option<UnitId>,
    /// Only those with this in their names, with or without diacritics.
    #[param(min_length = 1, max_length = 100)]
    pub q: Option<String>,
    /// How many items at the most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[param(max_length = 1000)]
    pub cursor: Option<String>,
}

impl Filter for MemberFilter {
    const OPERATION: &'static str = "list_members";
}

/// Which members of a unit.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UnitMemberFilter {
    /// How many items at the most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[param(max_length = 1000)]
    pub cursor: Option<String>,
}

impl Filter for UnitMemberFilter {
    const OPERATION: &'static str = "list_unit_members";
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        Self {
            id: member.id,
            display_name: member.display_name,
            avatar_url: member.avatar_url,
            home_unit_id: member.home_unit_id,
        }
    }
}
