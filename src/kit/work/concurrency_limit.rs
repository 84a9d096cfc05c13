//! Work that takes much memory or a processor goes a few at once. Whoever comes waits for a turn, but neither in a long
//! queue nor for long: a server that is asked for too much says so while it still can.
//!
//! A turn moves into the work that it is for: a request may be dropped while its work on another thread goes on.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
    time::timeout,
};

use crate::kit::problems::{codes::Code, problem::Problem};

/// How many wait for one turn, at the most.
const QUEUE: usize = 16;
/// How long anybody waits.
const PATIENCE: Duration = Duration::from_secs(5);
const COME_BACK_SECONDS: u64 = 5;

/// A few turns at once, and a short queue for them.
#[derive(Debug)]
pub struct ConcurrencyLimit {
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
    most: usize,
    taken: AtomicU64,
}

/// A turn, until it is dropped.
#[derive(Debug)]
pub struct Turn {
    _turn: OwnedSemaphorePermit,
    _place: OwnedSemaphorePermit,
}

impl ConcurrencyLimit {
    /// So many turns at once.
    pub fn new(at_once: usize) -> Self {
        let places = at_once.saturating_mul(QUEUE.saturating_add(1));
        Self {
            turns: Arc::new(Semaphore::new(at_once)),
            places: Arc::new(Semaphore::new(places)),
            most: places,
            taken: AtomicU64::new(0),
        }
    }

    /// The next turn; `unavailable` with `Retry-After` when the queue is full or too slow.
    pub async fn take(&self) -> Result<Turn, Problem> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_full| too_busy())?;
        let turn = timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.map_err(|_elapsed| too_busy())?;
        let turn = turn.map_err(Problem::internal)?;
        self.taken.fetch_add(1, Ordering::Relaxed);
        Ok(Turn { _turn: turn, _place: place })
    }

    /// Runs `work` on a thread of its own, in its turn, which ends with the work, however long anybody waits for it.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let turn = self.take().await?;
        let working = spawn_blocking(move || {
            let value = work();
            drop(turn);
            value
        });
        working.await.map_err(Problem::internal)
    }

    /// How many have a turn, or wait for one.
    pub fn in_line(&self) -> usize {
        self.most.saturating_sub(self.places.available_permits())
    }

    /// How many turns were taken so far.
    pub fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }
}

fn too_busy() -> Problem {
    metrics::counter!("thidua_turns_refused_total").increment(1);
    Problem::new(Code::Unavailable).header("retry-after", COME_BACK_SECONDS)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use futures_util::{FutureExt as _, future::join_all};

    use super::*;

    #[actix_web::test]
    async fn a_turn_lasts_as_long_as_its_work_though_nobody_waits_for_it_any_more() {
        let turns = ConcurrencyLimit::new(1);
        let (ask, asked) = mpsc::channel::<()>();
        let (began, has_begun) = mpsc::channel();
        {
            let work = turns.run(move || {
                began.send(()).unwrap();
                let _until_dropped = asked.recv();
            });
            let mut work = Box::pin(work);
            assert!(work.as_mut().now_or_never().is_none());
            has_begun.recv().unwrap();
        }
        assert_eq!(turns.in_line(), 1);

        drop(ask);

        assert!(turns.take().await.is_ok());
    }

    #[actix_web::test]
    async fn a_full_queue_is_told_to_come_back() {
        let turns = ConcurrencyLimit::new(1);
        let first = turns.take().await.unwrap();

        let waiting = join_all((0..QUEUE).map(async |_| turns.take().await.is_ok()));
        let refused = async {
            let problem = turns.take().await.unwrap_err();
            drop(first);
            problem
        };
        let (waited, refused) = tokio::join!(waiting, refused);

        assert_eq!(refused.code, Code::Unavailable);
        assert_eq!(refused.headers, [("retry-after", COME_BACK_SECONDS.to_string())]);
        assert!(waited.into_iter().all(|was_served| was_served));
        assert_eq!(turns.taken(), 17);
    }
}
