//! Who a token turned out to be, kept for a few seconds: verifying a signature and looking up roles costs more than most
//! answers. So a revoked session or role is noticed everywhere within that time, and at once on this replica.

use chrono::{DateTime, Duration, Utc};
use moka::sync::Cache;

use crate::kit::{
    http::Caller,
    secrets::secret::sha256,
    values::{Clock, clock::later},
};

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

    /// Keeps what was looked up, at most until the token itself ends. It is believed from the moment `asked_at`, at which the
    /// look-up began: it may have been answered from before a change, however long it took.
    pub fn put(&self, token: [u8; 32], caller: Caller, asked_at: DateTime<Utc>, token_ends: DateTime<Utc>) {
        let until = Ord::min(later(asked_at, BELIEVED), token_ends);
        self.callers.insert(token, (caller, until));
    }

    /// Forgets everybody: somebody's rights have changed.
    pub fn forget_all(&self) {
        self.callers.invalidate_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::kit::{
        http::Person,
        values::{MemberId, SessionId},
    };

    #[test]
    fn a_look_up_that_took_long_is_believed_the_shorter() {
        let asked_at = DateTime::UNIX_EPOCH;
        let answered_at = asked_at + Duration::seconds(4);
        let at = |seconds| CallerCache::new(Clock::from_fn(move || answered_at + Duration::seconds(seconds)));
        let person = || Person {
            member_id: MemberId::new(),
            session_id: SessionId::new(),
            unit_ids: Vec::new(),
            grants: Vec::new(),
        };
        let is_kept = |seconds| {
            let (cache, token) = (at(seconds), token_key("a token"));
            cache.put(token, Caller::Person(Arc::new(person())), asked_at, asked_at + Duration::hours(1));
            cache.get(&token).is_some()
        };

        assert!(is_kept(0));
        assert!(!is_kept(1));
    }
}
