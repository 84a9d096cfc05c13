//! Background jobs, watched. A job is a loop of steps. A step that panics is logged with an alarm, counted, and the job goes on
//! after a pause. A job that has not ended a step well within a minute has stalled: that is an alarm once, and a metric.
//! `app::Job` is what a job is, and `App::run_job` its loop.

use std::{
    any::Any,
    collections::BTreeMap,
    fmt,
    future::Future,
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, RecvTimeoutError, Sender},
    },
    thread,
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt as _;

use super::metrics;
use crate::kit::values::clock::{Clock, earlier, later, span};

/// How long a job may take to end a step well before it counts as stalled.
pub const LONGEST_STEP: TimeDelta = TimeDelta::seconds(60);
/// How often somebody looks whether a job has stalled.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// When a job takes its steps.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    /// How long it rests after a step that found nothing to do.
    pub period: Duration,
    /// How long it rests after a step that failed.
    pub pause: Duration,
    /// Does it rest before its first step too?
    pub begins_later: bool,
    /// Does it go on while the server stops?
    pub outlives_stop: bool,
}

impl Schedule {
    /// A rest of `period` after each step with nothing to do. The job begins at once, pauses five seconds after a failure, and
    /// ends when the server is asked to stop.
    pub const fn every(period: Duration) -> Self {
        Self { period, pause: Duration::from_secs(5), begins_later: false, outlives_stop: false }
    }
}

/// Work of one kind that waits for its job, as the database has it: so it is known in every process, and also when no worker
/// runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its name in the metrics.
    pub name: &'static str,
    /// The same in words.
    pub words: &'static str,
    /// Since when the oldest of it has waited; none: nothing waits.
    pub since: Option<DateTime<Utc>>,
}

impl Waiting {
    /// Has it waited for longer than a living worker lets anything wait?
    pub fn is_late(&self, now: DateTime<Utc>) -> bool {
        self.since.is_some_and(|since| since < earlier(now, LONGEST_STEP))
    }

    /// How long the oldest of it has waited, in seconds.
    pub fn seconds(&self, now: DateTime<Utc>) -> u64 {
        let waited = self.since.map_or(0, |since| now.signed_duration_since(since).num_seconds());
        u64::try_from(waited).unwrap_or(0)
    }
}

/// What a step found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worked {
    /// There may be more to do at once.
    More,
    /// Nothing is left for now.
    All,
}

/// A piece of work that panicked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panicked(String);

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a panic: {}", self.0)
    }
}

impl std::error::Error for Panicked {}

/// Does a piece of a job's work. A panic ends the work, not the job: it is logged with the alarm `job_panicked`, counted, and
/// given back. What the work held is dropped: its transaction is rolled back.
pub async fn caught<T>(job: &'static str, work: impl Future<Output = T>) -> Result<T, Panicked> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|payload| {
        let message = message_of(payload.as_ref());
        metrics::count_job_panic(job);
        tracing::error!(
            alarm = "job_panicked",
            job,
            panic = message,
            "a background job panicked; it goes on after a pause"
        );
        Panicked(message)
    })
}

fn message_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

/// How each job of this process does.
pub struct Jobs {
    clock: Clock,
    states: Mutex<BTreeMap<&'static str, State>>,
}

#[derive(Clone, Copy)]
struct State {
    /// From when on it has stalled, unless a step ends well before.
    late_from: DateTime<Utc>,
    last_step: Option<DateTime<Utc>>,
    is_stalled: bool,
}

impl Jobs {
    /// None yet.
    pub fn new(clock: Clock) -> Self {
        Self { clock, states: Mutex::default() }
    }

    /// A step begins. It has a minute; one that follows failed steps has what is left of theirs.
    pub fn begin(&self, job: &'static str) {
        let until = later(self.clock.now(), LONGEST_STEP);
        self.with(job, |state| state.late_from = state.late_from.min(until));
    }

    /// A long step has got on: it has a minute again.
    pub fn beat(&self, job: &'static str) {
        self.end(job, Duration::ZERO);
    }

    /// A step has ended well, and the next one comes after a rest.
    pub fn end(&self, job: &'static str, rest: Duration) {
        let now = self.clock.now();
        let was_stalled = self.with(job, |state| {
            state.last_step = Some(now);
            state.late_from = later(later(now, span(rest)), LONGEST_STEP);
            std::mem::take(&mut state.is_stalled)
        });
        metrics::note_job_step(job, now.timestamp());
        metrics::note_job_stalled(job, false);
        if was_stalled {
            tracing::info!(job, "a background job that had stalled goes on");
        }
    }

    /// The job is over.
    pub fn leave(&self, job: &'static str) {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).remove(job);
    }

    /// Looks which jobs have stalled; each raises its alarm once, until it has ended a step again. Gives all that have.
    pub fn look(&self) -> Vec<&'static str> {
        let now = self.clock.now();
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        let mut stalled = Vec::new();
        for (job, state) in states.iter_mut().filter(|(_, state)| state.late_from < now) {
            stalled.push(*job);
            metrics::note_job_stalled(job, true);
            if !std::mem::replace(&mut state.is_stalled, true) {
                let since = state.last_step.map(|moment| moment.to_rfc3339());
                tracing::error!(
                    alarm = "job_stalled",
                    job,
                    last_step = since.as_deref().unwrap_or("never"),
                    "a background job has not ended a step for a minute"
                );
            }
        }
        stalled
    }

    /// Looks every few seconds, on a thread of its own, for as long as what it gives is kept.
    pub fn watch(self: &Arc<Self>) -> Watch {
        let (kept, ended) = mpsc::channel::<()>();
        let jobs = Arc::clone(self);
        let watching = thread::Builder::new().name("job-watch".to_owned()).spawn(move || {
            while ended.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
                jobs.look();
            }
        });
        if let Err(error) = watching {
            tracing::error!(%error, "nobody watches the background jobs");
        }
        Watch { _kept: kept }
    }

    fn with<T>(&self, job: &'static str, change: impl FnOnce(&mut State) -> T) -> T {
        let until = later(self.clock.now(), LONGEST_STEP);
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        change(states.entry(job).or_insert(State { late_from: until, last_step: None, is_stalled: false }))
    }
}

/// Somebody looks after the jobs until this is dropped.
pub struct Watch {
    _kept: Sender<()>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOB: &str = "testing";

    /// Jobs, and a clock that says what it is told.
    fn jobs() -> (Jobs, Arc<Mutex<DateTime<Utc>>>) {
        let moment = Arc::new(Mutex::new(DateTime::UNIX_EPOCH));
        let clock = Arc::clone(&moment);
        (Jobs::new(Clock::from_fn(move || *clock.lock().unwrap())), moment)
    }

    fn wait(moment: &Mutex<DateTime<Utc>>, seconds: i64) {
        let mut now = moment.lock().unwrap();
        *now = later(*now, TimeDelta::seconds(seconds));
    }

    #[test]
    fn a_step_that_does_not_end_within_a_minute_is_a_stalled_job_until_it_ends() {
        let (jobs, moment) = jobs();

        jobs.begin(JOB);
        wait(&moment, 60);
        assert!(jobs.look().is_empty());
        wait(&moment, 1);
        assert_eq!(jobs.look(), [JOB]);
        jobs.end(JOB, Duration::ZERO);

        assert!(jobs.look().is_empty());
    }

    #[test]
    fn a_job_that_only_fails_has_no_minute_for_each_try() {
        let (jobs, moment) = jobs();

        jobs.begin(JOB);
        jobs.end(JOB, Duration::ZERO);
        for _ in 0..13 {
            wait(&moment, 5);
            jobs.begin(JOB);
        }

        assert_eq!(jobs.look(), [JOB]);
    }

    #[test]
    fn a_job_that_rests_has_not_stalled_and_one_that_was_woken_has_a_minute() {
        let (jobs, moment) = jobs();

        jobs.end(JOB, Duration::from_secs(3_600));
        wait(&moment, 3_000);
        assert!(jobs.look().is_empty());
        jobs.begin(JOB);
        wait(&moment, 61);

        assert_eq!(jobs.look(), [JOB]);
    }

    #[test]
    fn a_long_step_that_gets_on_has_not_stalled_and_a_job_that_is_over_neither() {
        let (jobs, moment) = jobs();

        jobs.begin(JOB);
        for _ in 0..10 {
            wait(&moment, 50);
            jobs.beat(JOB);
            assert!(jobs.look().is_empty());
        }
        wait(&moment, 61);
        jobs.leave(JOB);

        assert!(jobs.look().is_empty());
    }

    #[actix_web::test]
    async fn a_panic_is_given_back_with_its_message() {
        let panicked = caught(JOB, async { panic!("the {} is upside down", "map") }).await;

        assert_eq!(panicked, Err::<(), _>(Panicked("the map is upside down".to_owned())));
        assert_eq!(caught(JOB, async { 7 }).await, Ok(7));
    }
}
