//! A row of a file of members, as it is meant.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    kit::{
        problems::FaultCode,
        values::{clock::FIRST_DAY, text::fold},
    },
    organisation::{
        imports::{
            RowFault,
            file::{Column, Columns, day, one_line},
            import::Earlier,
            reference::UnitReference,
        },
        members::normal_phone,
    },
};

const LONGEST_NAME: usize = 100;
const LONGEST_CODE: usize = 50;
const LONGEST_EMAIL: usize = 254;

/// A row of a file of members, as it is meant. What is empty says nothing: it takes nothing away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRow {
    /// Our id of them.
    pub id: Option<Uuid>,
    /// Their code in the organisation's own books.
    pub code: Option<String>,
    /// Their name.
    pub name: String,
    /// Their mobile number, in its one form.
    pub phone: Option<String>,
    /// Their e-mail address.
    pub email: Option<String>,
    /// Their home.
    pub unit: UnitReference,
    /// Since when they are there.
    pub since: Option<NaiveDate>,
}

impl MemberRow {
    /// What the cells say, or everything that is wrong with them.
    pub fn read(columns: &Columns, cells: &[String], today: NaiveDate) -> Result<Self, Vec<RowFault>> {
        let mut faults = Vec::new();
        let text = |column| columns.cell(cells, column).and_then(one_line);
        // Half a name would pass for somebody else's, so both ends of one that is in parts must be there.
        for column in [Column::FamilyName, Column::Name] {
            if columns.has(column) && text(column).is_none() {
                faults.push(RowFault::new(columns.name_of(column), FaultCode::Missing));
            }
        }
        let parts = [Column::FamilyName, Column::MiddleName, Column::Name].into_iter().filter_map(text);
        let name = parts.collect::<Vec<_>>().join(" ");
        let id = text(Column::Id).map(|id| id.parse::<Uuid>());
        let unit_id = text(Column::UnitId).map(|id| id.parse::<Uuid>());
        let phone = text(Column::Phone).map(|phone| normal_phone(&phone));
        let email = text(Column::Email).map(|email| normal_email(&email));
        let since = text(Column::Since).map(|since| day(&since));
        let mut formats = |is_wrong: bool, column, expected: &str| {
            if is_wrong {
                faults.push(RowFault::new(columns.name_of(column), FaultCode::WrongFormat).with("expected", expected));
            }
        };
        formats(matches!(id, Some(Err(_))), Column::Id, "UUID");
        formats(matches!(unit_id, Some(Err(_))), Column::UnitId, "UUID");
        formats(phone == Some(None), Column::Phone, "0912 345 678");
        formats(email == Some(None), Column::Email, "ten@example.vn");
        formats(since == Some(None), Column::Since, "dd/mm/yyyy");
        if since.flatten().is_some_and(|since| since > today) {
            faults.push(RowFault::new(columns.name_of(Column::Since), FaultCode::InFuture));
        }
        if since.flatten().is_some_and(|since| since < FIRST_DAY) {
            let fault = RowFault::new(columns.name_of(Column::Since), FaultCode::OutOfRange);
            faults.push(fault.with("limit", format!(">= {FIRST_DAY}")));
        }
        let code = text(Column::Code);
        let too_long = [(Column::Name, Some(&name), LONGEST_NAME), (Column::Code, code.as_ref(), LONGEST_CODE)];
        for (column, text, limit) in too_long {
            if text.is_some_and(|text| text.chars().count() > limit) {
                faults.push(RowFault::new(columns.name_of(column), FaultCode::TooLong).with("limit", limit));
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let unit = UnitReference {
            id: unit_id.and_then(Result::ok),
            code: text(Column::UnitCode),
            name: text(Column::Unit),
            parent: text(Column::ParentCode).or_else(|| text(Column::Parent)),
        };
        Ok(Self {
            id: id.and_then(Result::ok),
            code,
            name,
            phone: phone.flatten(),
            email: email.flatten(),
            unit,
            since: since.flatten(),
        })
    }

    /// What no two rows of a file may share, each with its column. An e-mail address is nobody's alone. Whoever has neither id nor code nor phone number is told
    /// by their name in their unit.
    pub fn keys(&self) -> Vec<(Column, String)> {
        let mut keys = Vec::new();
        keys.extend(self.id.map(|id| (Column::Id, format!("id:{id}"))));
        keys.extend(self.code.as_ref().map(|code| (Column::Code, format!("code:{code}"))));
        keys.extend(self.phone.as_ref().map(|phone| (Column::Phone, format!("phone:{phone}"))));
        if self.is_told_by_name() {
            let unit = &self.unit;
            let unit =
                (unit.id, unit.code.as_deref(), unit.name.as_deref().map(fold), unit.parent.as_deref().map(fold));
            keys.push((Column::Name, format!("name:{}:{unit:?}", self.name.to_lowercase())));
        }
        keys
    }

    /// Is it to be asked who has this name in their unit? Whoever was found has been asked about, and whoever is to be made under a
    /// number or code of their own was compared with those who were there before the file.
    pub const fn may_be_told_by_name(&self, earlier: Option<Earlier>) -> bool {
        match earlier {
            None => self.id.is_none(),
            Some(Earlier::New(_)) => self.is_told_by_name(),
            Some(Earlier::Known(_)) => false,
        }
    }

    /// Is nothing known that would tell them from somebody of the same name?
    pub const fn is_told_by_name(&self) -> bool {
        self.id.is_none() && self.code.is_none() && self.phone.is_none()
    }
}

/// An address in its one form, in lower case; none when it is none.
fn normal_email(text: &str) -> Option<String> {
    let email = text.to_lowercase();
    let (user, domain) = email.split_once('@')?;
    let is_domain = domain.split('.').count() > 1 && domain.split('.').all(|part| !part.is_empty());
    let is_plain =
        !email.contains(|letter: char| letter.is_whitespace() || letter.is_control() || ",;<>()".contains(letter));
    (!user.is_empty() && is_domain && is_plain && !domain.contains('@') && email.len() <= LONGEST_EMAIL)
        .then_some(email)
}
