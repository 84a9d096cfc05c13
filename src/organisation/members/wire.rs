//! Members on the wire.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Contact, Member, MemberChange,
    member::{normal_email, normal_phone},
};
use crate::kit::{
    problems::{Fault, FaultCode, Faults, Problem},
    values::{MemberId, UnitId, patch::given},
};

/// A member to be made.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMember {
    /// An id of your own making: any UUID (RFC 9562) but nil and max, best of version 7, which sorts by time. Made by the server
    /// when absent.
    pub id: Option<MemberId>,
    /// What they are called in public.
    #[schema(min_length = 1, max_length = 100, examples("Nguyễn Thị Mẫu"))]
    pub display_name: String,
    /// Where they are at home.
    pub home_unit_id: UnitId,
    /// From which day; absent: from today.
    #[schema(examples("2025-07-01"))]
    pub member_since: Option<NaiveDate>,
    /// Their mobile number: it links their first sign-in through Zalo to this member. Kept encrypted, shown to them and their
    /// managers.
    #[schema(min_length = 9, max_length = 20, examples("0912 345 678"))]
    pub phone: Option<String>,
}

impl NewMember {
    /// With the phone number in its one form.
    pub fn parse(mut self, faults: &mut Faults) -> Self {
        if let Some(phone) = self.phone.take() {
            self.phone = normal_phone(&phone);
            if self.phone.is_none() {
                faults.add(Fault::at("/phone", FaultCode::WrongFormat).with("expected", "0912 345 678"));
            }
        }
        self
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
    /// Where their picture is: an address here (`/v1/avatars/…`) or at Zalo.
    #[schema(examples("/v1/avatars/5f6a7b8c9d0e/384"))]
    pub avatar_url: Option<String>,
    /// Where they are at home today; null for a guest.
    pub home_unit_id: Option<UnitId>,
}

/// How a member is reached, and what they are known by in the organisation's own books.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ContactView {
    /// Their mobile number (E.164).
    #[schema(examples("+84912345678"))]
    pub phone: Option<String>,
    /// Their e-mail address.
    #[schema(examples("lan@example.vn"))]
    pub email: Option<String>,
    /// Their code in the organisation's own books, as it was imported.
    #[schema(examples("DV-001234"))]
    pub code: Option<String>,
}

impl From<Contact> for ContactView {
    fn from(contact: Contact) -> Self {
        Self { phone: contact.phone.map(|phone| format!("+{phone}")), email: contact.email, code: contact.code }
    }
}

/// A member, with what only they and their managers see.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MemberProfile {
    /// The public part.
    #[serde(flatten)]
    pub member: MemberView,
    /// How they are reached: for the member and for whoever manages a unit of theirs, absent for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub private: Option<ContactView>,
}

impl MemberProfile {
    /// What the caller may see of this member.
    pub fn new(member: Member, contact: Option<Contact>) -> Self {
        Self { member: member.into(), private: contact.map(Into::into) }
    }
}

/// A change of a member.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"display_name": "Nguyễn Thị Mẫu", "email": "mau@example.vn"}))]
pub struct MemberPatch {
    /// What they are called in public.
    #[schema(nullable = false, min_length = 1, max_length = 100, examples("Nguyễn Thị Mẫu"))]
    pub display_name: Option<String>,
    /// Their mobile number; null: none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 9, max_length = 20, examples("0912 345 678"))]
    pub phone: Option<Option<String>>,
    /// Their e-mail address; null: none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 3, max_length = 254, examples("lan@example.vn"))]
    pub email: Option<Option<String>>,
}

impl MemberPatch {
    /// The change, if everything is as it should be.
    pub fn parse(self) -> Result<MemberChange, Problem> {
        let mut faults = Faults::new();
        let phone = self
            .phone
            .map(|phone| phone.and_then(|phone| normal(&phone, "/phone", "0912 345 678", normal_phone, &mut faults)));
        let email = self
            .email
            .map(|email| email.and_then(|email| normal(&email, "/email", "lan@example.vn", normal_email, &mut faults)));
        faults.or(MemberChange { display_name: self.display_name, phone, email })
    }
}

fn normal(
    text: &str,
    pointer: &str,
    example: &str,
    normal: fn(&str) -> Option<String>,
    faults: &mut Faults,
) -> Option<String> {
    let normal = normal(text);
    if normal.is_none() {
        faults.add(Fault::at(pointer, FaultCode::WrongFormat).with("expected", example));
    }
    normal
}

/// Which members.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MemberFilter {
    /// Only those who are at home in this unit or below it.
    pub unit_id: Option<UnitId>,
    /// Only those in whose names each of these words begins a word, with or without diacritics.
    #[param(min_length = 1, max_length = 100)]
    pub q: Option<String>,
    /// How many items at the most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[param(max_length = 4000)]
    pub cursor: Option<String>,
}

/// Which members of a unit.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UnitMemberFilter {
    /// As things were on this day; absent: today.
    pub as_of: Option<NaiveDate>,
    /// How many items at the most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[param(max_length = 4000)]
    pub cursor: Option<String>,
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
