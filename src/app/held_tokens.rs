//! A token pair of the Official Account that Zalo has given and the database has not. The one before it is spent: until this
//! one is stored, this process alone can send messages, and nobody can if it ends.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};

use crate::outside::zalo::OaAccessToken;

/// How long to wait after the first failure to store it, and at most.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The pair, sealed once: however often it is stored, it is the same row.
#[derive(Clone, Debug)]
pub struct HeldPair {
    /// What messages are sent with.
    pub access: OaAccessToken,
    /// The same, sealed.
    pub access_cipher: String,
    /// The refresh token, sealed. No two pairs have the same.
    pub refresh_cipher: String,
    /// The refresh token that was spent for it, as it was sealed: the row that this pair replaces, whatever its clock says.
    pub spent_cipher: String,
    /// The hash of the configured refresh token that this line of pairs began with.
    pub seed: String,
    /// Since when it is had.
    pub renewed_at: DateTime<Utc>,
    /// Until when the access token is good.
    pub expires_at: DateTime<Utc>,
}

/// What is held, if anything is. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct HeldTokens(Arc<Mutex<Option<Held>>>);

#[derive(Debug)]
struct Held {
    pair: HeldPair,
    failures: u32,
    due_at: DateTime<Utc>,
}

impl HeldTokens {
    /// Holds a pair, to be stored at once.
    pub fn hold(&self, pair: HeldPair) {
        let due_at = pair.renewed_at;
        *self.held() = Some(Held { pair, failures: 0, due_at });
    }

    /// The pair that is not stored yet.
    pub fn get(&self) -> Option<HeldPair> {
        self.held().as_ref().map(|held| held.pair.clone())
    }

    /// The same, if it is time to try to store it.
    pub fn due(&self, now: DateTime<Utc>) -> Option<HeldPair> {
        self.held().as_ref().filter(|held| held.due_at <= now).map(|held| held.pair.clone())
    }

    /// Lets it go: it is stored, or of no more use. Gives how often it could not be stored.
    pub fn release(&self, pair: &HeldPair) -> u32 {
        let mut held = self.held();
        let is_this = held.as_ref().is_some_and(|held| held.pair.refresh_cipher == pair.refresh_cipher);
        if is_this { held.take().map_or(0, |held| held.failures) } else { 0 }
    }

    /// It could not be stored: the next try waits twice as long, half a minute at the most.
    pub fn postpone(&self, now: DateTime<Utc>) {
        if let Some(held) = self.held().as_mut() {
            let wait = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(held.failures)).min(LONGEST_WAIT);
            held.failures = held.failures.saturating_add(1);
            held.due_at = now.checked_add_signed(TimeDelta::from_std(wait).unwrap_or_default()).unwrap_or(now);
        }
    }

    fn held(&self) -> MutexGuard<'_, Option<Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_tried_less_and_less_often_until_it_is_let_go() {
        let start = DateTime::UNIX_EPOCH;
        let pair = HeldPair {
            access: OaAccessToken::new("a").unwrap(),
            access_cipher: "a".into(),
            refresh_cipher: "r".into(),
            spent_cipher: "s".into(),
            seed: String::new(),
            renewed_at: start,
            expires_at: start + TimeDelta::hours(25),
        };
        let held = HeldTokens::default();
        held.hold(pair.clone());
        let mut waits = Vec::new();
        for _ in 0..7 {
            held.postpone(start);
            waits.push((0..60).find(|second| held.due(start + TimeDelta::seconds(*second)).is_some()).unwrap());
        }

        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(held.release(&HeldPair { refresh_cipher: "another".into(), ..pair.clone() }), 0);
        assert!(held.get().is_some());
        assert_eq!(held.release(&pair), 7);
        assert!(held.get().is_none());
    }
}
