//! The lease of a claimed batch. It is short, so that another worker soon goes on where one has died, and longer than one request
//! by construction; a living worker renews it while its batch is under way. A request begins only while enough of the lease is
//! left for it: a worker that cannot renew it, or whose batch was taken over, sends nothing more.

use std::{
    collections::HashSet,
    convert::Infallible,
    future::Future,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::{sync::Mutex as Turn, time::sleep};

use super::store::{self, Claimed};
use crate::{
    app::App,
    db::Actor,
    kit::{
        problems::Problem,
        values::{
            DeliveryId,
            clock::{later, span},
        },
    },
};

/// By how much the clocks of two machines may differ: `thidua doctor` finds more than that.
const CLOCKS_APART: Duration = Duration::from_secs(5);
/// What a lease has beyond one request and that difference: the time in which it is renewed.
const MARGIN: Duration = Duration::from_secs(2);
/// A living worker renews its lease so many times in the time that it lasts.
const RENEWALS: u32 = 4;

/// How long a lease lasts, and how much of it a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    lasts: Duration,
    needed: Duration,
}

impl Terms {
    /// For requests that take so long at the most.
    pub const fn for_requests_of(timeout: Duration) -> Self {
        let needed = timeout.saturating_add(CLOCKS_APART);
        Self { lasts: needed.saturating_add(MARGIN), needed }
    }

    /// How long a lease lasts.
    pub fn lasts(self) -> TimeDelta {
        span(self.lasts)
    }
}

/// The lease of a batch, and what of it is still one's own.
pub struct Lease {
    terms: Terms,
    owner: String,
    held: Mutex<Held>,
    renewing: Turn<()>,
}

struct Held {
    ids: HashSet<DeliveryId>,
    until: DateTime<Utc>,
}

impl Lease {
    /// The lease that a batch was claimed with.
    pub fn of(batch: &[Claimed], owner: String, until: DateTime<Utc>, terms: Terms) -> Self {
        let ids = batch.iter().map(|claimed| claimed.id).collect();
        Self { terms, owner, held: Mutex::new(Held { ids, until }), renewing: Turn::new(()) }
    }

    /// Does this work, and renews the lease meanwhile.
    pub async fn keep<T>(&self, app: &App, work: impl Future<Output = T>) -> T {
        tokio::select! {
            biased;
            done = work => done,
            never = self.renew_for_ever(app) => match never {},
        }
    }

    async fn renew_for_ever(&self, app: &App) -> Infallible {
        loop {
            sleep(self.terms.lasts.checked_div(RENEWALS).unwrap_or(self.terms.lasts)).await;
            let _one_at_a_time = self.renewing.lock().await;
            self.renew(app).await;
        }
    }

    /// May a request for this delivery begin? The lease is renewed first where too little of it is left.
    pub async fn allows(&self, app: &App, id: DeliveryId) -> bool {
        let _one_at_a_time = self.renewing.lock().await;
        if !self.is_long_enough(app) {
            self.renew(app).await;
        }
        self.is_long_enough(app) && self.held().ids.contains(&id)
    }

    fn is_long_enough(&self, app: &App) -> bool {
        later(app.clock.now(), span(self.terms.needed)) <= self.held().until
    }

    /// Where the database does not answer the lease stays as it is.
    async fn renew(&self, app: &App) {
        match self.try_renew(app).await {
            Ok(held) => *self.held() = held,
            Err(problem) => {
                tracing::warn!(error = %problem, cause = ?problem.cause, "a lease could not be renewed");
            }
        }
    }

    async fn try_renew(&self, app: &App) -> Result<Held, Problem> {
        let ids: Vec<DeliveryId> = self.held().ids.iter().copied().collect();
        app.change_as(Actor::system(), async |tx| {
            // From now on, however long this change had to wait for its turn.
            let until = later(app.clock.now(), self.terms.lasts());
            let ids = store::renew(tx, &ids, &self.owner, until).await?;
            Ok(Held { ids: ids.into_iter().collect(), until })
        })
        .await
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_longer_than_a_request_whatever_the_timeout_and_short_by_default() {
        for seconds in [1, 5, 600, u64::MAX] {
            let timeout = Duration::from_secs(seconds);
            let terms = Terms::for_requests_of(timeout);

            assert!(terms.needed >= timeout && terms.lasts >= terms.needed, "{terms:?}");
        }
        assert!(Terms::for_requests_of(Duration::from_secs(5)).lasts() < TimeDelta::seconds(15));
    }
}
