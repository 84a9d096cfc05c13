//! How long to wait before what has failed is tried again.

use std::time::Duration;

use chrono::TimeDelta;

const SHORT: f64 = 30.0;
const LONG: f64 = 600.0;
const LONGEST: f64 = 6.0 * 3600.0;

/// How soon a failure may have passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// An outage: try again in half a minute, then less and less often.
    Short,
    /// A limit, or a state that somebody must mend: begin with ten minutes.
    Long,
}

impl Wait {
    /// How long to wait after the `attempt`th failure: twice as long each time, a quarter more or less, so that what failed
    /// together does not come back together. Six hours at the most. `jitter` is from 0 to 1.
    pub fn after(self, attempt: i32, jitter: f64) -> TimeDelta {
        let first = match self {
            Self::Short => SHORT,
            Self::Long => LONG,
        };
        let doubled = first * 2_f64.powi(attempt.saturating_sub(1).clamp(0, 30));
        let seconds = doubled.min(LONGEST) * (0.75 + 0.5 * jitter.clamp(0.0, 1.0));
        TimeDelta::from_std(Duration::from_secs_f64(seconds)).unwrap_or(TimeDelta::hours(6))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn waits_grow_whatever_the_jitter(attempt in 1..9_i32, one in 0.0..1.0_f64, other in 0.0..1.0_f64) {
            prop_assert!(Wait::Short.after(attempt, one) < Wait::Short.after(attempt + 1, other));
            prop_assert!(Wait::Short.after(attempt, one) < Wait::Long.after(attempt, other));
        }
    }

    #[test]
    fn no_wait_is_longer_than_six_hours_and_a_quarter_more() {
        assert_eq!(Wait::Short.after(1, 0.5), TimeDelta::seconds(30));
        assert_eq!(Wait::Long.after(i32::MAX, 1.0), TimeDelta::minutes(450));
    }
}
