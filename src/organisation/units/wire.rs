//! Units on the wire.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Unit, UnitKind};
use crate::kit::{body::Filter, clock::NO_END, ids::UnitId};

/// A unit to be made.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUnit {
    /// An id of your own making (UUIDv7); made by the server when absent.
    pub id: Option<UnitId>,
    /// Its full name.
    #[schema(min_length = 1, max_length = 300, examples("Chi bộ Trường Cao đẳng Du lịch Đà Lạt"))]
    pub name: String,
    /// A shorter one.
    #[schema(min_length = 1, max_length = 100, examples("CB Cao đẳng Du lịch"))]
    pub short_name: Option<String>,
    /// What kind of organisation it is.
    pub kind: UnitKind,
    /// The unit it stands under; absent for a topmost one, which only an admin may make.
    pub parent_id: Option<UnitId>,
    /// From which day it is there; absent: from today.
    #[schema(examples("2025-07-01"))]
    pub valid_from: Option<NaiveDate>,
}

/// A unit, as it was on the day asked for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UnitView {
    /// Its id, the same at all times.
    pub id: UnitId,
    /// Its full name.
    #[schema(examples("Đảng bộ UBND tỉnh Lâm Đồng"))]
    pub name: String,
    /// A shorter one.
    #[schema(examples("ĐB UBND tỉnh"))]
    pub short_name: Option<String>,
    /// What kind of organisation it is.
    pub kind: UnitKind,
    /// The unit it stands under.
    pub parent_id: Option<UnitId>,
    /// The units above it, topmost first.
    pub path: Vec<UnitRef>,
    /// How many members are at home in it and in all below it.
    #[schema(examples(42))]
    pub member_count: i64,
    /// From which day it is so.
    #[schema(examples("2025-07-01"))]
    pub valid_from: NaiveDate,
    /// Until which day (not included); null: no end is known.
    pub valid_to: Option<NaiveDate>,
}

/// A unit in a few words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct UnitRef {
    /// Its id.
    pub id: UnitId,
    /// Its name.
    #[schema(examples("Đảng bộ UBND tỉnh Lâm Đồng"))]
    pub name: String,
}

/// Which units.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UnitFilter {
    /// Only those that stand directly under this unit.
    pub parent_id: Option<UnitId>,
    /// Only those of this kind.
    #[param(inline)]
    pub kind: Option<UnitKind>,
    /// Only those with this in their names, with or without diacritics.
    #[param(min_length = 1, max_length = 100)]
    pub q: Option<String>,
    /// As things were on this day; absent: today.
    pub as_of: Option<NaiveDate>,
    /// How many items at the most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[param(max_length = 1000)]
    pub cursor: Option<String>,
}

impl Filter for UnitFilter {
    const OPERATION: &'static str = "list_units";
}

/// Of which day.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UnitMoment {
    /// As things were on this day; absent: today.
    pub as_of: Option<NaiveDate>,
}

impl Filter for UnitMoment {
    const OPERATION: &'static str = "find_unit";
}

impl UnitView {
    /// A unit with what stands above it and how many are in it.
    pub fn new(unit: Unit, path: Vec<UnitRef>, member_count: i64) -> Self {
        Self {
            id: unit.id,
            name: unit.name,
            short_name: unit.short_name,
            kind: unit.kind,
            parent_id: unit.parent_id,
            path,
            member_count,
            valid_from: unit.valid_from,
            valid_to: (unit.valid_to != NO_END).then_some(unit.valid_to),
        }
    }
}
