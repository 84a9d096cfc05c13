//! The loop of a background job: step after step, watched by `kit::work::jobs`.

use std::{pin::pin, time::Duration};

use tokio::{
    sync::Notify,
    task::yield_now,
    time::{Instant, sleep_until},
};

use super::App;
use crate::{
    db::as_job,
    kit::{
        problems::problem::Problem,
        work::{
            jobs::{Job, Worked, caught},
            metrics,
        },
    },
};

impl App {
    /// Takes steps until the app stops: one after another while there is something to do, else after a rest or when `bell` rings.
    /// To the database it is background work (`as_job`). A step that fails or panics is logged and counted, and nobody wakes the
    /// job before its pause is over.
    pub async fn run_job(
        &self,
        job: Job,
        bell: Option<&Notify>,
        mut step: impl AsyncFnMut() -> Result<Worked, Problem>,
    ) {
        let goes_on = || job.outlives_stop || !self.is_stopping();
        if job.begins_later {
            self.jobs.end(job.name, job.period);
            self.rest(job, job.period, bell).await;
        }
        while goes_on() {
            self.jobs.begin(job.name);
            match caught(job.name, as_job(step())).await {
                Ok(Ok(Worked::More)) => {
                    self.jobs.end(job.name, Duration::ZERO);
                    yield_now().await;
                }
                Ok(Ok(Worked::All)) => {
                    self.jobs.end(job.name, job.period);
                    self.rest(job, job.period, bell).await;
                }
                Ok(Err(problem)) => {
                    metrics::count_job_error(job.name);
                    tracing::error!(job = job.name, error = %problem, cause = ?problem.cause, "a background job failed");
                    self.rest(job, job.pause, None).await;
                }
                // `caught` has said so.
                Err(_panicked) => self.rest(job, job.pause, None).await,
            }
        }
        self.jobs.leave(job.name);
    }

    async fn rest(&self, job: Job, rest: Duration, bell: Option<&Notify>) {
        let Some(end) = Instant::now().checked_add(rest) else { return };
        let rung = async {
            match bell {
                Some(bell) => bell.notified().await,
                None => std::future::pending().await,
            }
        };
        let stopped = async { if job.outlives_stop { std::future::pending().await } else { self.stopped().await } };
        let (rung, stopped) = (pin!(rung), pin!(stopped));
        tokio::select! {
            () = sleep_until(end) => {}
            () = rung => {}
            () = stopped => {}
        }
    }
}
