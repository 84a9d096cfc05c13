//! What a membership is.

use chrono::{Datelike as _, NaiveDate};

use crate::{
    kit::values::{MemberId, MembershipId, UnitId},
    organisation::members::MembershipKind,
};

/// Somebody's place in a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Its id.
    pub id: MembershipId,
    /// Whose.
    pub member_id: MemberId,
    /// In which unit.
    pub unit_id: UnitId,
    /// At home or for a while.
    pub kind: MembershipKind,
    /// From which day.
    pub valid_from: NaiveDate,
    /// Until which day (not included).
    pub valid_to: NaiveDate,
}

impl Membership {
    /// For optimistic locking: its end is all that can change of it.
    pub fn version(&self) -> i64 {
        self.valid_to.num_days_from_ce().into()
    }

    /// Is there a day on which both hold?
    pub fn overlaps(&self, other: &Self) -> bool {
        self.valid_from.max(other.valid_from) < self.valid_to.min(other.valid_to)
    }

    /// Can both not be true: two homes at once, or the same unit twice?
    pub fn conflicts_with(&self, other: &Self) -> bool {
        let are_homes = self.kind == MembershipKind::Home && other.kind == MembershipKind::Home;
        self.id != other.id && self.overlaps(other) && (are_homes || self.unit_id == other.unit_id)
    }
}
