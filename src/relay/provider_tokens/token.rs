//! What a token pair is, and when it is to be renewed.

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use crate::kit::clock::later;

/// The pair as it is kept.
#[derive(Clone, Debug)]
pub struct Pair {
    /// What messages are sent with; empty before the first renewal.
    pub access: SecretString,
    /// What the next renewal spends.
    pub refresh: SecretString,
    /// The hash of the configured refresh token that this line of pairs began with.
    pub seed: String,
    /// Until when the access token is good.
    pub expires_at: DateTime<Utc>,
    /// Since when.
    pub renewed_at: DateTime<Utc>,
    /// Until when somebody renews it, or nobody may.
    pub renewing_until: Option<DateTime<Utc>>,
    /// Since when nothing can renew it any more.
    pub failed_at: Option<DateTime<Utc>>,
    /// The refresh token as it is kept: no two pairs have the same.
    pub sealed: String,
}

impl Pair {
    /// Is the access token good?
    pub fn is_good(&self, now: DateTime<Utc>) -> bool {
        now < self.expires_at
    }

    /// May somebody begin to renew it?
    pub fn is_free(&self, now: DateTime<Utc>) -> bool {
        self.failed_at.is_none() && self.renewing_until.is_none_or(|until| until <= now)
    }

    /// Has it lived four fifths of its life? Renewed this early, it never runs out while Zalo has an hour of trouble.
    pub fn is_to_be_renewed(&self, now: DateTime<Utc>) -> bool {
        let life = self.expires_at.signed_duration_since(self.renewed_at);
        let most_of_it = life.checked_div(5).and_then(|fifth| fifth.checked_mul(4)).unwrap_or(life);
        now >= later(self.renewed_at, most_of_it)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn a_pair_is_renewed_at_four_fifths_of_its_life() {
        let start = DateTime::UNIX_EPOCH;
        let pair = Pair {
            access: "a".into(),
            refresh: "r".into(),
            seed: String::new(),
            expires_at: start + TimeDelta::hours(25),
            renewed_at: start,
            renewing_until: None,
            failed_at: None,
            sealed: String::new(),
        };

        assert!(!pair.is_to_be_renewed(start + TimeDelta::hours(19)));
        assert!(pair.is_to_be_renewed(start + TimeDelta::hours(20)));
        assert!(pair.is_good(start + TimeDelta::hours(24)));
        assert!(!pair.is_good(start + TimeDelta::hours(25)));
    }
}
