//! A circuit breaker: while an API of Zalo's does not answer, nobody waits for it. Only an outage opens it (no connection,
//! no answer in time, a 5xx); a refusal is an answer.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};

use super::ZaloApi;
use crate::kit::values::Clock;

/// How many calls in a row find no answer before it opens.
const FAILURES: u32 = 5;
/// How long it stays open before one call tries again.
const PAUSE: TimeDelta = TimeDelta::seconds(10);
/// How long to wait for the outcome of that call.
const TRIAL: Duration = Duration::from_secs(2);

/// The state of one API.
#[derive(Debug)]
pub struct Breaker {
    api: ZaloApi,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Calls are made; so many in a row have failed.
    Closed { failures: u32 },
    /// No call is made before then.
    Open { until: DateTime<Utc> },
    /// One call is under way to find out.
    HalfOpen,
}

/// Permission for one call; say what came of it with `report`.
#[derive(Debug)]
pub struct Pass<'a> {
    breaker: &'a Breaker,
    is_trial: bool,
    is_reported: bool,
}

impl Breaker {
    /// Closed.
    pub fn new(api: ZaloApi, clock: Clock) -> Self {
        let breaker = Self { api, clock, state: Mutex::new(State::Closed { failures: 0 }) };
        breaker.show(State::Closed { failures: 0 });
        breaker
    }

    /// How long no call is made yet.
    pub fn wait(&self) -> Option<Duration> {
        match *self.state() {
            State::Closed { .. } => None,
            State::Open { until } => self.left(until),
            State::HalfOpen => Some(TRIAL),
        }
    }

    /// Permission for one call, or how long to wait for it. Of those who ask after the pause one gets it.
    pub fn admit(&self) -> Result<Pass<'_>, Duration> {
        let mut state = self.state();
        let is_trial = match *state {
            State::Closed { .. } => false,
            State::HalfOpen => return Err(TRIAL),
            State::Open { until } => match self.left(until) {
                Some(left) => return Err(left),
                None => true,
            },
        };
        if is_trial {
            *state = State::HalfOpen;
            self.show(*state);
        }
        Ok(Pass { breaker: self, is_trial, is_reported: false })
    }

    /// What is left of the pause. A clock that was set back makes it no longer.
    fn left(&self, until: DateTime<Utc>) -> Option<Duration> {
        let left = until.signed_duration_since(self.clock.now());
        (TimeDelta::zero() < left && left <= PAUSE).then(|| left.to_std().unwrap_or_default())
    }

    fn open(&self, state: &mut State) {
        let now = self.clock.now();
        *state = State::Open { until: now.checked_add_signed(PAUSE).unwrap_or(now) };
        self.show(*state);
    }

    fn close(&self, state: &mut State) {
        *state = State::Closed { failures: 0 };
        self.show(*state);
    }

    fn show(&self, state: State) {
        let value = match state {
            State::Closed { .. } => 0.0,
            State::HalfOpen => 1.0,
            State::Open { .. } => 2.0,
        };
        metrics::gauge!("thidua_zalo_circuit", "api" => self.api.to_string()).set(value);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass<'_> {
    /// Says whether there was an answer.
    pub fn report(mut self, is_answered: bool) {
        self.is_reported = true;
        let breaker = self.breaker;
        let mut state = breaker.state();
        match (*state, is_answered) {
            (State::HalfOpen, true) if self.is_trial => {
                breaker.close(&mut state);
                tracing::info!(api = %breaker.api, "Zalo answers again");
            }
            (State::HalfOpen, false) if self.is_trial => {
                breaker.open(&mut state);
                tracing::warn!(api = %breaker.api, "Zalo still does not answer");
            }
            (State::Closed { failures: 1.. }, true) => *state = State::Closed { failures: 0 },
            (State::Closed { failures }, false) => {
                let failures = failures.saturating_add(1);
                *state = State::Closed { failures };
                if failures >= FAILURES {
                    breaker.open(&mut state);
                    tracing::error!(
                        alarm = "zalo_circuit_open",
                        api = %breaker.api,
                        "Zalo does not answer; it is not asked for a while, then by one call at a time until it does"
                    );
                }
            }
            // Begun before it opened: that says nothing of now.
            _ => {}
        }
    }
}

/// A trial that nobody waited for: the next one tries.
impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if self.is_trial && !self.is_reported {
            let mut state = self.breaker.state();
            if matches!(*state, State::HalfOpen) {
                *state = State::Open { until: self.breaker.clock.now() };
                self.breaker.show(*state);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    };

    use super::*;

    fn breaker() -> (Breaker, Arc<AtomicI64>) {
        let seconds = Arc::new(AtomicI64::new(0));
        let now = Arc::clone(&seconds);
        let clock = Clock::from_fn(move || DateTime::UNIX_EPOCH + TimeDelta::seconds(now.load(Ordering::Relaxed)));
        (Breaker::new(ZaloApi::Graph, clock), seconds)
    }

    fn fail(breaker: &Breaker, times: u32) {
        for _ in 0..times {
            breaker.admit().unwrap().report(false);
        }
    }

    #[test]
    fn failures_in_a_row_open_it_and_an_answer_between_them_does_not() {
        let (breaker, _seconds) = breaker();
        fail(&breaker, FAILURES - 1);
        breaker.admit().unwrap().report(true);
        fail(&breaker, FAILURES - 1);
        assert_eq!(breaker.wait(), None);

        fail(&breaker, 1);

        assert_eq!(breaker.admit().unwrap_err(), Duration::from_secs(10));
        assert_eq!(breaker.wait(), Some(Duration::from_secs(10)));
    }

    #[test]
    fn after_the_pause_one_call_tries_and_decides() {
        let (breaker, seconds) = breaker();
        fail(&breaker, FAILURES);
        seconds.store(10, Ordering::Relaxed);

        let trial = breaker.admit().unwrap();
        assert_eq!(breaker.admit().unwrap_err(), TRIAL);
        trial.report(false);
        assert_eq!(breaker.admit().unwrap_err(), Duration::from_secs(10));
        seconds.store(20, Ordering::Relaxed);
        breaker.admit().unwrap().report(true);

        assert!(breaker.admit().is_ok() && breaker.wait().is_none());
    }

    #[test]
    fn a_trial_that_nobody_waits_for_leaves_the_way_to_the_next() {
        let (breaker, seconds) = breaker();
        fail(&breaker, FAILURES);
        seconds.store(10, Ordering::Relaxed);

        drop(breaker.admit().unwrap());

        breaker.admit().unwrap().report(true);
        assert_eq!(breaker.wait(), None);
    }

    #[test]
    fn a_call_that_began_before_it_opened_changes_nothing() {
        let (breaker, _seconds) = breaker();
        let (early, late) = (breaker.admit().unwrap(), breaker.admit().unwrap());
        fail(&breaker, FAILURES);

        early.report(true);
        late.report(false);

        assert_eq!(breaker.wait(), Some(Duration::from_secs(10)));
    }
}
