//! Stored totals: one row for a target, unit and phase, in 64 bits. A check-in that a total has no room for is not added to it
//! and is given back, so that its own change can hold it; what else is written to that total stays.

mod store;

use std::collections::BTreeMap;

use uuid::Uuid;

use super::entry::{Entry, Figure};
use crate::{
    db::Tx,
    kit::{
        problems::Problem,
        values::{CheckinId, PhaseId, TargetId, Total, UnitId},
    },
};

/// What a stored total can come to, in thousandths: 9 * 10^15 units. It leaves room below 2^63 for the sums of a batch, so
/// that nothing is added past the column.
pub const ROOM: i64 = 9_000_000_000_000_000_000;

/// Which total: of a target, in a unit, in a phase.
pub type TotalKey = (TargetId, UnitId, PhaseId);

/// Where a total is outside every phase.
pub const NO_PHASE: PhaseId = PhaseId(Uuid::nil());

/// What a total changes by: reported, verified.
type Change = (Total, Total);

/// Differences of totals with the check-ins that they come from, gathered so that each row is touched once, in the order of
/// their keys: no deadlock.
#[derive(Debug, Default)]
pub struct Totals(BTreeMap<TotalKey, BTreeMap<CheckinId, Change>>);

impl Totals {
    /// Adds what an entry changes.
    pub(super) fn add(&mut self, entry: &Entry) {
        let Some(target) = entry.place.target_id else { return };
        let phase = entry.place.phase_id.unwrap_or(NO_PHASE);
        let delta = Total::from(entry.delta);
        let change = match entry.figure {
            Figure::Reported => (delta, Total::ZERO),
            Figure::Verified => (Total::ZERO, delta),
        };
        self.change((target, entry.place.unit_id, phase), entry.place.checkin_id, change);
    }

    /// These and those.
    pub fn merge(&mut self, other: Self) {
        for (key, changes) in other.0 {
            changes.into_iter().for_each(|(checkin, change)| self.change(key, checkin, change));
        }
    }

    fn change(&mut self, key: TotalKey, checkin: CheckinId, change: Change) {
        let sum = self.0.entry(key).or_default().entry(checkin).or_default();
        *sum = plus(*sum, change);
    }

    /// Is something of this check-in among them?
    pub fn concern(&self, checkin: CheckinId) -> bool {
        self.0.values().any(|changes| changes.contains_key(&checkin))
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Writes them. The last thing that a change does: other changes of the same totals wait from here to its end. Gives back
    /// those that a total has no room for.
    pub async fn write(self, tx: &Tx) -> Result<Self, Problem> {
        let mut left = Self::default();
        for (key, changes) in self.0 {
            let all = changes.values().copied().fold(Change::default(), plus);
            if all == Change::default() || store::add(tx, key, all).await? {
                continue;
            }
            let is_one = changes.len() == 1;
            for (checkin, change) in changes {
                if is_one || !store::add(tx, key, change).await? {
                    left.change(key, checkin, change);
                }
            }
        }
        Ok(left)
    }
}

fn plus(one: Change, other: Change) -> Change {
    (one.0 + other.0, one.1 + other.1)
}
