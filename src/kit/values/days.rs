//! Days in a row, and what is left of them.

use chrono::NaiveDate;

/// From a day (included) to a day (not included).
pub type Days = (NaiveDate, NaiveDate);

/// Is there a day in both?
pub fn overlap(one: Days, other: Days) -> bool {
    one.0.max(other.0) < one.1.min(other.1)
}

/// Those of these days that are in none of the others, in order.
pub fn without(days: Days, others: &[Days]) -> Vec<Days> {
    let mut others = others.to_vec();
    others.sort_unstable();
    let (mut from, to) = days;
    let mut left = Vec::new();
    for other in others.into_iter().filter(|other| overlap(days, *other)) {
        if from < other.0 {
            left.push((from, other.0));
        }
        from = from.max(other.1);
    }
    if from < to {
        left.push((from, to));
    }
    left
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(number: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + chrono::Days::new(number)
    }

    proptest! {
        #[test]
        fn every_day_is_left_exactly_when_no_other_has_it(
            (from, length) in (0u64..20, 0u64..20), others in proptest::collection::vec((0u64..30, 0u64..10), 0..5),
        ) {
            let others: Vec<Days> = others.into_iter().map(|(from, length)| (day(from), day(from + length))).collect();
            let days = (day(from), day(from + length));

            let left = without(days, &others);

            let is_in = |any: NaiveDate, days: &Days| days.0 <= any && any < days.1;
            for any in (0..45).map(day) {
                let is_wanted = is_in(any, &days) && !others.iter().any(|other| is_in(any, other));
                prop_assert_eq!(left.iter().filter(|days| is_in(any, days)).count(), usize::from(is_wanted));
            }
            prop_assert!(left.iter().all(|days| days.0 < days.1));
        }
    }
}
