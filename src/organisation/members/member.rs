//! What a member is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kit::ids::{MemberId, UnitId};

/// How somebody belongs to a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MembershipKind {
    /// Where they are at home; one at a time.
    Home,
    /// Where they are active for a while.
    Temporary,
}

impl MembershipKind {
    /// The name on the wire and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Temporary => "temporary",
        }
    }
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Their id.
    pub id: MemberId,
    /// What they are called in public.
    pub display_name: String,
    /// Where their picture is.
    pub avatar_url: Option<String>,
    /// Where they are at home today.
    pub home_unit_id: Option<UnitId>,
    /// The row's version, for optimistic locking.
    pub version: i64,
}

/// A Vietnamese mobile number as `84…`, digits alone; none when it is no such number.
pub fn normal_phone(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if text.chars().any(|letter| !(letter.is_ascii_digit() || " +.-()".contains(letter))) {
        return None;
    }
    let national = digits.strip_prefix("84").or_else(|| digits.strip_prefix('0')).unwrap_or(&digits);
    let is_mobile = national.len() == 9 && national.starts_with(['3', '5', '7', '8', '9']);
    is_mobile.then(|| format!("84{national}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_number_has_one_form_however_it_is_written() {
        for written in ["0912 345 678", "+84 912.345.678", "84912345678", "(0912)345-678"] {
            assert_eq!(normal_phone(written).as_deref(), Some("84912345678"), "{written}");
        }
        for wrong in ["12345", "0212345678", "091234567x", ""] {
            assert_eq!(normal_phone(wrong), None, "{wrong}");
        }
    }
}
