//! What a member is.

pub use crate::entity::membership::MembershipKind;
use crate::kit::values::{MemberId, UnitId};

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
    /// Have they been erased?
    pub is_erased: bool,
    /// The row's version, for optimistic locking.
    pub version: i64,
}

/// How somebody is reached. It is theirs, and their managers' to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    /// `84…`
    pub phone: Option<String>,
    /// In lower case.
    pub email: Option<String>,
    /// Their code in the organisation's own books.
    pub code: Option<String>,
}

/// What is to become of a member; what is absent stays as it is.
#[derive(Clone, Debug, Default)]
pub struct MemberChange {
    /// What they are called in public.
    pub display_name: Option<String>,
    /// `84…`, or none.
    pub phone: Option<Option<String>>,
    /// In lower case, or none.
    pub email: Option<Option<String>>,
}

impl MemberChange {
    /// The names of what changes, for the audit log: never the values.
    pub fn fields(&self) -> Vec<&'static str> {
        let fields = [
            ("display_name", self.display_name.is_some()),
            ("phone", self.phone.is_some()),
            ("email", self.email.is_some()),
        ];
        fields.into_iter().filter(|(_, is_changed)| *is_changed).map(|(name, _)| name).collect()
    }
}

/// An e-mail address in lower case; none when it is no such address. What is before and after the `@` is for the mail
/// server to judge.
pub fn normal_email(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let (name, domain) = text.rsplit_once('@')?;
    let is_plain =
        |part: &str| !part.is_empty() && !part.contains(|letter: char| letter.is_whitespace() || letter == '@');
    let has_dot = domain.split('.').count() > 1 && domain.split('.').all(|label| !label.is_empty());
    (is_plain(name) && is_plain(domain) && has_dot).then_some(text)
}

/// A Vietnamese mobile number as `84…`, digits alone; none when it is no such number.
pub fn normal_phone(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if text.chars().any(|letter| !(letter.is_ascii_digit() || " +.-()".contains(letter))) {
        return None;
    }
    // Nine digits are the national number, also those that begin with 84 (084 is a prefix in use): a spreadsheet that took
    // the number for a quantity has lost its zero.
    let national = match digits.len() {
        9 => digits.as_str(),
        _ => digits.strip_prefix("84").or_else(|| digits.strip_prefix('0')).unwrap_or(&digits),
    };
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
        assert_eq!(normal_phone("841234567").as_deref(), Some("84841234567"));
        for wrong in ["12345", "0212345678", "091234567x", ""] {
            assert_eq!(normal_phone(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_email_address_has_a_name_and_a_domain() {
        assert_eq!(normal_email(" Lan.Nguyen@Example.VN ").as_deref(), Some("lan.nguyen@example.vn"));
        for wrong in
            ["lan", "lan@", "@example.vn", "lan@example", "lan nguyen@example.vn", "a@b@example.vn", "lan@example..vn"]
        {
            assert_eq!(normal_email(wrong), None, "{wrong}");
        }
    }
}
