//! Background jobs: what a job is, and the loop that takes its steps, watched by `kit::work::jobs`.

use std::{pin::pin, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::{
    sync::Notify,
    task::yield_now,
    time::{Instant, sleep_until},
};

use super::App;
use crate::{
    config::Config,
    db::{Db, as_job},
    kit::{
        problems::Problem,
        work::{Schedule, Waiting, Worked, jobs::caught, metrics},
    },
};

/// A job in the background: a loop of steps. Any number of processes may run the same job at once: a step claims what it works on,
/// by a lease or a lock, so that nothing is done twice.
#[async_trait(?Send)]
pub trait Job {
    /// Its name in the log and in the metrics.
    fn name(&self) -> &'static str;

    /// When it takes its steps.
    fn schedule(&self, app: &App) -> Schedule;

    /// What wakes it from a rest before its time.
    fn bell<'a>(&self, _app: &'a App) -> Option<&'a Notify> {
        None
    }

    /// What waits for it, kind by kind, and since when: its lag.
    async fn waiting(&self, _db: &Db, _config: &Config, _now: DateTime<Utc>) -> Result<Vec<Waiting>, Problem> {
        Ok(Vec::new())
    }

    /// Does a piece of its work.
    async fn step(&mut self, app: &App) -> Result<Worked, Problem>;
}

impl App {
    /// Takes a job's steps until the app stops: one after another while there is something to do, else after a rest or when its
    /// bell rings. To the database it is background work (`as_job`). A step that fails or panics is logged and counted, and nobody
    /// wakes the job before its pause is over.
    pub async fn run_job(&self, mut job: Box<dyn Job>) {
        let (name, schedule) = (job.name(), job.schedule(self));
        if schedule.begins_later {
            self.jobs.end(name, schedule.period);
            self.rest(schedule, schedule.period, job.bell(self)).await;
        }
        while schedule.outlives_stop || !self.is_stopping() {
            self.jobs.begin(name);
            match caught(name, as_job(job.step(self))).await {
                Ok(Ok(Worked::More)) => {
                    self.jobs.end(name, Duration::ZERO);
                    yield_now().await;
                }
                Ok(Ok(Worked::All)) => {
                    self.jobs.end(name, schedule.period);
                    self.rest(schedule, schedule.period, job.bell(self)).await;
                }
                Ok(Err(problem)) => {
                    metrics::count_job_error(name);
                    tracing::error!(job = name, error = %problem, cause = ?problem.cause, "a background job failed");
                    self.rest(schedule, schedule.pause, None).await;
                }
                // `caught` has said so.
                Err(_panicked) => self.rest(schedule, schedule.pause, None).await,
            }
        }
        self.jobs.leave(name);
    }

    async fn rest(&self, schedule: Schedule, rest: Duration, bell: Option<&Notify>) {
        let Some(end) = Instant::now().checked_add(rest) else { return };
        let rung = async {
            match bell {
                Some(bell) => bell.notified().await,
                None => std::future::pending().await,
            }
        };
        let stopped =
            async { if schedule.outlives_stop { std::future::pending().await } else { self.stopped().await } };
        let (rung, stopped) = (pin!(rung), pin!(stopped));
        tokio::select! {
            () = sleep_until(end) => {}
            () = rung => {}
            () = stopped => {}
        }
    }
}
