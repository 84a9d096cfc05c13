//! How many failures somebody may have before they wait. A failure comes back after a time, and a success gives one back at
//! once: whoever succeeds as often as they fail never waits.

use std::{hash::Hash, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use moka::{ops::compute::Op, sync::Cache};

use crate::kit::values::clock::Clock;

/// How many are remembered at most. Whoever is forgotten begins anew.
const CAPACITY: u64 = 50_000;

/// Failures by whoever has them.
pub struct Budget<K> {
    clock: Clock,
    comes_back: Duration,
    /// How long it takes until all of them have come back.
    whole: Duration,
    /// When somebody has all of them back.
    whole_at: Cache<K, DateTime<Utc>>,
}

impl<K: Hash + Eq + Clone + Send + Sync + 'static> Budget<K> {
    /// So many failures, each of which comes back after `comes_back`.
    pub fn new(clock: Clock, most: u32, comes_back: Duration) -> Self {
        let whole = comes_back.saturating_mul(most.max(1));
        let whole_at = Cache::builder().max_capacity(CAPACITY).time_to_live(whole).build();
        Self { clock, comes_back, whole, whole_at }
    }

    /// How long they wait, when nothing is left.
    pub fn wait(&self, who: &K) -> Option<Duration> {
        // One is left from the moment on at which the others are still to come back.
        let wait = self.owed(who).saturating_sub(self.whole.saturating_sub(self.comes_back));
        (!wait.is_zero()).then_some(wait)
    }

    /// Is any failure of theirs not back yet?
    pub fn is_touched(&self, who: &K) -> bool {
        !self.owed(who).is_zero()
    }

    /// Counts a failure.
    pub fn fail(&self, who: &K) {
        self.change(who, |owed| owed.saturating_add(self.comes_back));
    }

    /// Gives a failure back.
    pub fn succeed(&self, who: &K) {
        if self.whole_at.contains_key(who) {
            self.change(who, |owed| owed.saturating_sub(self.comes_back));
        }
    }

    /// How long until all is back.
    fn owed(&self, who: &K) -> Duration {
        self.whole_at.get(who).map_or(Duration::ZERO, |whole_at| self.until(whole_at, self.clock.now()))
    }

    /// At most the whole: a clock that was set back makes nobody wait longer.
    fn until(&self, whole_at: DateTime<Utc>, now: DateTime<Utc>) -> Duration {
        whole_at.signed_duration_since(now).to_std().unwrap_or_default().min(self.whole)
    }

    fn change(&self, who: &K, change: impl FnOnce(Duration) -> Duration) {
        let now = self.clock.now();
        self.whole_at.entry(who.clone()).and_compute_with(|entry| {
            let owed =
                change(entry.map_or(Duration::ZERO, |entry| self.until(entry.into_value(), now))).min(self.whole);
            if owed.is_zero() {
                return Op::Remove;
            }
            let owed = TimeDelta::from_std(owed).unwrap_or_default();
            now.checked_add_signed(owed).map_or(Op::Nop, Op::Put)
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    };

    use super::*;

    fn budget() -> (Budget<u8>, Arc<AtomicI64>) {
        let seconds = Arc::new(AtomicI64::new(0));
        let now = Arc::clone(&seconds);
        let clock = Clock::from_fn(move || DateTime::UNIX_EPOCH + TimeDelta::seconds(now.load(Ordering::Relaxed)));
        (Budget::new(clock, 3, Duration::from_secs(10)), seconds)
    }

    #[test]
    fn whoever_has_used_all_up_waits_until_one_is_back() {
        let (budget, seconds) = budget();
        for _ in 0..3 {
            assert_eq!(budget.wait(&1), None);
            budget.fail(&1);
        }

        assert_eq!(budget.wait(&1), Some(Duration::from_secs(10)));
        assert_eq!(budget.wait(&2), None);
        budget.fail(&1);
        assert_eq!(budget.wait(&1), Some(Duration::from_secs(10)), "it is never more than the whole");
        seconds.store(10, Ordering::Relaxed);
        assert_eq!(budget.wait(&1), None);
        seconds.store(30, Ordering::Relaxed);
        assert!(!budget.is_touched(&1));
        seconds.store(-1_000_000, Ordering::Relaxed);
        assert_eq!(budget.wait(&1), Some(Duration::from_secs(10)), "a clock that was set back");
    }

    #[test]
    fn a_success_gives_one_failure_back_and_no_credit() {
        let (budget, _seconds) = budget();
        budget.succeed(&1);
        assert!(!budget.is_touched(&1));
        for _ in 0..100 {
            budget.fail(&1);
            budget.succeed(&1);
        }

        assert!(!budget.is_touched(&1));
        assert_eq!(budget.wait(&1), None);
    }
}
