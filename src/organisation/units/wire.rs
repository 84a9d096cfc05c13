//! Units on the wire.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Unit, UnitKind};
use crate::kit::values::{MemberId, UnitId, clock::NO_END, patch::given};

/// A unit to be made.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUnit {
    /// An id of your own making: any UUID (RFC 9562) but nil and max, best of version 7, which sorts by time. Made by the server
    /// when absent.
    pub id: Option<UnitId>,
    /// Its code in the organisation's own books; no two units share one.
    #[schema(min_length = 1, max_length = 50, examples("LD-0042"))]
    pub code: Option<String>,
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
    /// From which day it is there; absent: from today. A day that is past takes an admin.
    #[schema(examples("2025-07-01"))]
    pub valid_from: Option<NaiveDate>,
}

/// A unit, as it was on the day asked for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UnitView {
    /// Its id, the same at all times.
    pub id: UnitId,
    /// Its present code in the organisation's own books. A code says which unit it is, and is not dated: asked as of a day it is
    /// the present one all the same.
    #[schema(examples("LD-0042"))]
    pub code: Option<String>,
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
    /// From which day it is there, whatever it was called then and whatever it stood under: a new name, kind or place does not
    /// make it younger.
    #[schema(examples("2025-07-01"))]
    pub valid_from: NaiveDate,
    /// The first day without it; null: no end is known. Asked as of a day it is null always: what was said of a day does not
    /// change with what is decided later.
    pub valid_to: Option<NaiveDate>,
}

/// What is to change of a unit, from a day on.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Đảng bộ Trường Cao đẳng Đà Lạt", "from": "2026-07-01"}))]
pub struct UnitPatch {
    /// Its code in the organisation's own books; no two units share one. null takes it away. It is not dated: it changes at once,
    /// whatever `from` says.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 50, examples("LD-0042"))]
    pub code: Option<Option<String>>,
    /// Its full name.
    #[schema(nullable = false, min_length = 1, max_length = 300)]
    pub name: Option<String>,
    /// A shorter one; null takes it away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    pub short_name: Option<Option<String>>,
    /// What kind of organisation it is.
    #[schema(nullable = false)]
    pub kind: Option<UnitKind>,
    /// From which day it is so; absent: from today. Days before keep what they had; a day that is past takes an admin. To
    /// correct a mistake instead, give the day since which it is wrong (the unit's `valid_from`, or the day of the change that
    /// was mistaken): then it was never otherwise since that day.
    #[schema(nullable = false)]
    pub from: Option<NaiveDate>,
}

/// Where a unit is to stand.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"parent_id": "019a1c5e-7b1f-7c3a-9d2e-5f6a7b8c9d0e", "on": "2026-07-01"}))]
pub struct MoveUnit {
    /// Under which unit; null makes it a topmost one, which takes an admin.
    #[schema(required = true)]
    pub parent_id: Option<UnitId>,
    /// From which day; absent: from today. It may lie ahead; a day that is past takes an admin.
    pub on: Option<NaiveDate>,
}

/// What a unit is to be merged into.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"into_unit_id": "019a1c5e-7b1f-7c3a-9d2e-5f6a7b8c9d0e", "on": "2026-07-01"}))]
pub struct MergeUnit {
    /// The unit that goes on.
    pub into_unit_id: UnitId,
    /// The first day on which there is one unit in the place of two; absent: today.
    pub on: Option<NaiveDate>,
}

/// How a unit is to be split.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SplitUnit {
    /// The units that come to be beside it.
    #[schema(min_items = 1, max_items = 20)]
    pub new_units: Vec<NewPart>,
    /// The first day on which there are several; absent: today.
    pub on: Option<NaiveDate>,
}

/// A unit that comes out of another one.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPart {
    /// An id of your own making: any UUID (RFC 9562) but nil and max, best of version 7, which sorts by time. Made by the server
    /// when absent.
    pub id: Option<UnitId>,
    /// Its full name.
    #[schema(min_length = 1, max_length = 300, examples("Chi bộ Phòng Đào tạo"))]
    pub name: String,
    /// A shorter one.
    #[schema(min_length = 1, max_length = 100)]
    pub short_name: Option<String>,
    /// What kind of organisation it is; absent: the same as the unit it comes out of.
    pub kind: Option<UnitKind>,
    /// The members of the unit who go with it.
    #[serde(default)]
    #[schema(max_items = 10000)]
    pub member_ids: Vec<MemberId>,
    /// The units below the unit that go with it, each with all below.
    #[serde(default)]
    #[schema(max_items = 1000)]
    pub unit_ids: Vec<UnitId>,
}

/// What a split has made.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UnitSplitView {
    /// The unit that was split, as it goes on.
    pub unit: UnitView,
    /// The units that came to be, in the order asked for.
    pub new_units: Vec<UnitView>,
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

/// Of which day.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UnitMoment {
    /// As things were on this day; absent: today.
    pub as_of: Option<NaiveDate>,
}

/// When a unit is to be closed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UnitEnd {
    /// The first day without it; absent: today. It may lie ahead; a day that is past takes an admin.
    pub on: Option<NaiveDate>,
}

impl UnitView {
    /// The same as of a day: without the end that is known by now.
    pub fn said_of_a_day(self, is_asked: bool) -> Self {
        Self { valid_to: self.valid_to.filter(|_| !is_asked), ..self }
    }

    /// A unit with what stands above it and how many are in it.
    pub fn new(unit: Unit, path: Vec<UnitRef>, member_count: i64) -> Self {
        Self {
            id: unit.id,
            code: unit.code,
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
