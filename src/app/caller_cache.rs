//! Who a token turned out to be, kept for a few seconds: verifying a signature and looking up roles costs more than most
//! answers. So a revoked session or role is noticed everywhere within that time, and at once on this replica.

use chrono::{DateTime, Duration, Utc};
use moka::sync::Cache;

use crate::kit::{caller::Caller, clock::Clock, secret::sha256};

/// How long a look-up is believed.
const BELIEVED: Duration = Duration::seconds(5);
const CAPACITY: u64 = 50_000;

/// Callers by the hash of their token.
pub struct CallerCache {
    clock: Clock,
    callers: Cache<[u8; 32], (Caller, DateTime<Utc>)>,
}

/// What a token is known by here; the token itself is not kept.
pub fn token_key(token: &str) -> [u8; 32] {
    sha256(token.as_bytes())
}

impl CallerCache {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, callers: Cache::new(CAPACITY) }
    }

    /// The caller of this token, when it was looked up a moment ago.
    pub fn get(&self, token: &[u8; 32]) -> Option<Caller> {
        let (caller, until) = self.callers.get(token)?;
        (self.clock.now() < until).then_some(caller)
    }

    /// Keeps what was looked up, at most until the token itself ends.
    pub fn put(&self, token: [u8; 32], caller: Caller, token_ends: DateTime<Utc>) {
        let until = Ord::min(self.clock.now() + BELIEVED, token_ends);
        self.callers.insert(token, (caller, until));
    }

    /// Forgets everybody: somebody's rights have changed.
    pub fn forget_all(&self) {
        self.callers.invalidate_all();
    }
}
