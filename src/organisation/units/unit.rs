//! What a unit is.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kit::values::UnitId;

/// What kind of organisation a unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnitKind {
    /// Đảng bộ.
    PartyCommittee,
    /// Chi bộ.
    PartyCell,
    /// Sở, ban, ngành.
    Department,
    /// Xã, phường, đặc khu, and the districts and towns of before July 2025.
    Locality,
    /// Đoàn thể.
    MassOrganisation,
    /// Doanh nghiệp.
    Enterprise,
    /// Trường học.
    School,
    /// Whatever is none of these.
    Other,
}

impl UnitKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::PartyCommittee,
        Self::PartyCell,
        Self::Department,
        Self::Locality,
        Self::MassOrganisation,
        Self::Enterprise,
        Self::School,
        Self::Other,
    ];

    /// The name on the wire and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PartyCommittee => "party_committee",
            Self::PartyCell => "party_cell",
            Self::Department => "department",
            Self::Locality => "locality",
            Self::MassOrganisation => "mass_organisation",
            Self::Enterprise => "enterprise",
            Self::School => "school",
            Self::Other => "other",
        }
    }

    /// The kind of that name; what is unknown is `Other`.
    pub fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|kind| kind.name() == name).unwrap_or(Self::Other)
    }
}

/// A unit as it was on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Its id, the same at all times.
    pub id: UnitId,
    /// What kind of organisation it is.
    pub kind: UnitKind,
    /// Its code in the organisation's own books, where it has one; no two units share one.
    pub code: Option<String>,
    /// Its full name.
    pub name: String,
    /// A shorter one, where it has one.
    pub short_name: Option<String>,
    /// The unit it stood under.
    pub parent_id: Option<UnitId>,
    /// The first day of its life, whatever it was called then and whatever it stood under.
    pub valid_from: NaiveDate,
    /// The first day without it.
    pub valid_to: NaiveDate,
    /// The row's version, for optimistic locking.
    pub version: i64,
}
