//! What a role grant is.

use chrono::NaiveDate;

use crate::kit::{
    http::Role,
    values::{MemberId, RoleGrantId, UnitId},
};

/// A role, over a unit and all below it, from a day to a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleGrant {
    /// Its id.
    pub id: RoleGrantId,
    /// Who holds it.
    pub member_id: MemberId,
    /// Which role.
    pub role: Role,
    /// Over which unit; none is everywhere.
    pub unit_id: Option<UnitId>,
    /// From which day.
    pub valid_from: NaiveDate,
    /// Until which day (not included).
    pub valid_to: NaiveDate,
    /// Who gave it.
    pub granted_by: Option<MemberId>,
}

/// Until which day these periods reach from `day` on without a gap; none when none of them holds on it.
pub fn held_until(periods: impl Iterator<Item = (NaiveDate, NaiveDate)>, day: NaiveDate) -> Option<NaiveDate> {
    let mut periods: Vec<_> = periods.collect();
    periods.sort_unstable();
    let reached =
        periods.into_iter().fold(day, |reached, (from, to)| if from <= reached { reached.max(to) } else { reached });
    (reached > day).then_some(reached)
}

impl RoleGrant {
    /// From which day until which (not included).
    pub fn period(&self) -> (NaiveDate, NaiveDate) {
        (self.valid_from, self.valid_to)
    }

    /// On which day it ends when it is taken back today; none when it has ended already. One that has not begun ends on the
    /// day it would have: it never held.
    pub fn end_by(&self, today: NaiveDate) -> Option<NaiveDate> {
        (today < self.valid_to).then(|| Ord::max(today, self.valid_from)).filter(|day| *day < self.valid_to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn grant(from: &str, to: &str) -> RoleGrant {
        RoleGrant {
            id: RoleGrantId::new(),
            member_id: MemberId::new(),
            role: Role::Editor,
            unit_id: None,
            valid_from: day(from),
            valid_to: day(to),
            granted_by: None,
        }
    }

    #[test]
    fn history_is_not_rewritten_and_no_period_ends_before_it_begins() {
        let today = day("2026-03-10");

        assert_eq!(grant("2026-01-01", "9999-12-31").end_by(today), Some(today));
        assert_eq!(grant("2026-01-01", "2026-02-01").end_by(today), None);
        assert_eq!(grant("2026-01-01", "2026-03-10").end_by(today), None);
        assert_eq!(grant("2026-06-01", "2026-09-01").end_by(today), Some(day("2026-06-01")));
        assert_eq!(grant("2026-06-01", "2026-06-01").end_by(today), None);
    }

    #[test]
    fn periods_that_follow_one_another_reach_as_one_and_a_gap_ends_them() {
        let until = |periods: &[(&str, &str)], from: &str| {
            held_until(periods.iter().map(|(from, to)| (day(from), day(to))), day(from))
        };

        let joined = [("2026-03-01", "2026-06-01"), ("2026-01-01", "2026-03-01")];
        assert_eq!(until(&joined, "2026-02-01"), Some(day("2026-06-01")));
        assert_eq!(until(&joined, "2026-06-01"), None);
        assert_eq!(until(&joined, "2025-12-31"), None);
        assert_eq!(
            until(&[("2026-01-01", "2026-03-01"), ("2026-03-02", "9999-12-31")], "2026-01-01"),
            Some(day("2026-03-01"))
        );
        assert_eq!(
            until(&[("2026-01-01", "9999-12-31"), ("2026-02-01", "2026-03-01")], "2026-02-01"),
            Some(day("9999-12-31"))
        );
        assert_eq!(until(&[], "2026-01-01"), None);
    }
}
