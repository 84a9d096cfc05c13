//! What is written when a check-in changes: the difference, never the new figure.

use chrono::NaiveDate;

use crate::kit::values::{CheckinId, CommitmentId, MemberId, PhaseId, Quantity, TargetId, UnitId};

pub use crate::entity::ledger_entry::{Cause, Figure};

/// What of a check-in counts, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Which check-in.
    pub checkin_id: CheckinId,
    /// For which commitment.
    pub commitment_id: CommitmentId,
    /// For which target, if any.
    pub target_id: Option<TargetId>,
    /// For which unit: the one of the day it happened on.
    pub unit_id: UnitId,
    /// Whose.
    pub member_id: MemberId,
    /// In which phase, if any.
    pub phase_id: Option<PhaseId>,
    /// On which day.
    pub day: NaiveDate,
    /// How much is reported.
    pub reported: Quantity,
    /// How much is verified.
    pub verified: Quantity,
}

/// One line of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it counts.
    pub place: Counted,
    /// Which figure it changes.
    pub figure: Figure,
    /// By how much; less than nothing takes back.
    pub delta: Quantity,
}

impl Counted {
    fn figure(&self, figure: Figure) -> Quantity {
        match figure {
            Figure::Reported => self.reported,
            Figure::Verified => self.verified,
        }
    }

    fn is_at_same_place(&self, other: &Self) -> bool {
        (self.target_id, self.unit_id, self.phase_id, self.day)
            == (other.target_id, other.unit_id, other.phase_id, other.day)
    }
}

/// What must be written so that the sum of a check-in's entries goes from `before` to `after`.
pub fn entries_between(before: Option<&Counted>, after: &Counted) -> Vec<Entry> {
    let mut entries = Vec::new();
    for figure in [Figure::Reported, Figure::Verified] {
        let mut add = |place: Counted, delta: Quantity| {
            if delta != Quantity::ZERO {
                entries.push(Entry { place, figure, delta });
            }
        };
        match before {
            None => add(*after, after.figure(figure)),
            Some(before) if before.is_at_same_place(after) => add(*after, after.figure(figure) - before.figure(figure)),
            Some(before) => {
                add(*before, Quantity::ZERO - before.figure(figure));
                add(*after, after.figure(figure));
            }
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kit::values::Total;

    fn counted(reported: i64, verified: i64, day: u32) -> Counted {
        Counted {
            checkin_id: CheckinId::default(),
            commitment_id: CommitmentId::default(),
            target_id: None,
            unit_id: UnitId(uuid::Uuid::nil()),
            member_id: MemberId(uuid::Uuid::nil()),
            phase_id: None,
            day: NaiveDate::from_ymd_opt(2026, 3, day).unwrap(),
            reported: Quantity::from_thousandths(reported),
            verified: Quantity::from_thousandths(verified),
        }
    }

    proptest! {
        /// Whatever happens to a check-in, the sum of its entries is what its last state says, on every day.
        #[test]
        fn entries_sum_to_the_last_state(states in proptest::collection::vec((0i64..1000, 0i64..1000, 1u32..4), 1..12)) {
            let mut sums = std::collections::HashMap::new();
            let mut before: Option<Counted> = None;
            for (reported, verified, day) in &states {
                let after = counted(*reported, *verified, *day);
                for entry in entries_between(before.as_ref(), &after) {
                    let sum = sums.entry((entry.place.day, entry.figure)).or_insert(Total::ZERO);
                    *sum = *sum + entry.delta.into();
                }
                before = Some(after);
            }
            let last = before.unwrap();
            for ((day, figure), sum) in sums {
                let expected = match (day == last.day, figure) {
                    (true, Figure::Reported) => last.reported,
                    (true, _) => last.verified,
                    _ => Quantity::ZERO,
                };
                prop_assert_eq!(sum, expected.into());
            }
        }
    }
}
