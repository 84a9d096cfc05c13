//! A row of a file of units, as it is meant.

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
            file::{Column, Columns, day, kind, one_line},
        },
        units::UnitKind,
    },
};

const LONGEST_NAME: usize = 300;
const LONGEST_SHORT_NAME: usize = 100;
const LONGEST_CODE: usize = 50;

/// A row of a file of units, as it is meant. What is empty says nothing: it takes nothing away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitRow {
    /// Our id of it.
    pub id: Option<Uuid>,
    /// Its code.
    pub code: Option<String>,
    /// Its name.
    pub name: String,
    /// A shorter one.
    pub short_name: Option<String>,
    /// What kind of organisation it is.
    pub kind: Option<UnitKind>,
    /// What stands above it.
    pub parent: Parent,
    /// Since when it is there; only for new ones.
    pub since: Option<NaiveDate>,
}

/// What stands above a unit, as its row says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// By our id of it.
    pub id: Option<Uuid>,
    /// By its code.
    pub code: Option<String>,
    /// By its name, or its code again.
    pub name: Option<String>,
    /// The row of this file that it stands in, found while the file was read.
    pub row: Option<ParentRow>,
}

/// Where in the file a unit's parent is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParentRow {
    /// In the order of work.
    pub ordinal: i32,
    /// As the spreadsheet counts.
    pub number: u32,
    /// Since when its unit is there, as that row says.
    pub since: Option<NaiveDate>,
}

impl Parent {
    /// Does the row say nothing of it?
    pub const fn is_empty(&self) -> bool {
        self.id.is_none() && self.code.is_none() && self.name.is_none()
    }

    /// The column that names it.
    pub const fn column(&self) -> Column {
        match self {
            Self { id: Some(_), .. } => Column::ParentId,
            Self { code: Some(_), .. } => Column::ParentCode,
            _ => Column::Parent,
        }
    }
}

impl UnitRow {
    /// What the cells say, or everything that is wrong with them.
    pub fn read(columns: &Columns, cells: &[String], today: NaiveDate) -> Result<Self, Vec<RowFault>> {
        let mut faults = Vec::new();
        let text = |column| columns.cell(cells, column).and_then(one_line);
        let name = text(Column::Name).unwrap_or_default();
        if name.is_empty() {
            faults.push(RowFault::new(columns.name_of(Column::Name), FaultCode::Missing));
        }
        let id = text(Column::Id).map(|id| id.parse::<Uuid>());
        let parent_id = text(Column::ParentId).map(|id| id.parse::<Uuid>());
        let since = text(Column::Since).map(|since| day(&since));
        let said_kind = text(Column::Kind).map(|text| kind(&text));
        let mut formats = |is_wrong: bool, column, expected: &str| {
            if is_wrong {
                faults.push(RowFault::new(columns.name_of(column), FaultCode::WrongFormat).with("expected", expected));
            }
        };
        formats(matches!(id, Some(Err(_))), Column::Id, "UUID");
        formats(matches!(parent_id, Some(Err(_))), Column::ParentId, "UUID");
        formats(since == Some(None), Column::Since, "dd/mm/yyyy");
        if since.flatten().is_some_and(|since| since > today) {
            faults.push(RowFault::new(columns.name_of(Column::Since), FaultCode::InFuture));
        }
        if since.flatten().is_some_and(|since| since < FIRST_DAY) {
            let fault = RowFault::new(columns.name_of(Column::Since), FaultCode::OutOfRange);
            faults.push(fault.with("limit", format!(">= {FIRST_DAY}")));
        }
        if said_kind == Some(None) {
            let options = UnitKind::ALL.map(UnitKind::name).join(", ");
            faults.push(RowFault::new(columns.name_of(Column::Kind), FaultCode::NotOneOf).with("options", options));
        }
        let (code, short_name) = (text(Column::Code), text(Column::ShortName));
        let too_long = [
            (Column::Name, Some(&name), LONGEST_NAME),
            (Column::ShortName, short_name.as_ref(), LONGEST_SHORT_NAME),
            (Column::Code, code.as_ref(), LONGEST_CODE),
        ];
        for (column, text, limit) in too_long {
            if text.is_some_and(|text| text.chars().count() > limit) {
                faults.push(RowFault::new(columns.name_of(column), FaultCode::TooLong).with("limit", limit));
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let parent = Parent {
            id: parent_id.and_then(Result::ok),
            code: text(Column::ParentCode),
            name: text(Column::Parent),
            row: None,
        };
        Ok(Self {
            id: id.and_then(Result::ok),
            code,
            name,
            short_name,
            kind: said_kind.flatten(),
            parent,
            since: since.flatten(),
        })
    }

    /// What no two rows of a file may share, each with its column.
    pub fn keys(&self) -> Vec<(Column, String)> {
        let mut keys = Vec::new();
        keys.extend(self.id.map(|id| (Column::Id, format!("id:{id}"))));
        keys.extend(self.code.as_ref().map(|code| (Column::Code, format!("code:{code}"))));
        if keys.is_empty() {
            let parent = &self.parent;
            let parent = (parent.id, parent.code.as_deref(), parent.name.as_deref().map(fold));
            keys.push((Column::Name, format!("name:{}:{parent:?}", self.name.to_lowercase())));
        }
        keys
    }
}
