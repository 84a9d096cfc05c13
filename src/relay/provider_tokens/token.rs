//! What a token pair is, and when it is to be renewed.

use chrono::{DateTime, Utc};

use crate::outside::zalo::{OaAccessToken, OaRefreshToken};

use crate::kit::values::clock::later;

/// The pair as it is kept.
#[derive(Clone, Debug)]
pub struct Pair {
    /// What messages are sent with; none before the first renewal.
    pub access: Option<OaAccessToken>,
    /// What the next renewal spends.
    pub refresh: OaRefreshToken,
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
    /// The access token, while it is good.
    pub fn usable(self, now: DateTime<Utc>) -> Option<OaAccessToken> {
        let is_good = now < self.expires_at;
        self.access.filter(|_| is_good)
    }

    /// May somebody begin to renew it?
    pub fn is_free(&self, now: DateTime<Utc>) -> bool {
        self.failed_at.is_none() && self.renewing_until.is_none_or(|until| until <= now)
    }

    /// Has it lived four fifths of its life? Renewed this early, it never runs out while Zalo has an hour of trouble.
    pub fn is_to_be_renewed(&self, now: DateTime<Utc>) -> bool {
        let life = self.expires_at.signed_duration_since(self.renewed_at);
        let most_of_it = life.checked_div(5).and_then(|fifth| fifth.checked_mul(4)).unwrap_or(life);
        self.access.is_none() || now >= later(self.renewed_at, most_of_it)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn pair(access: &str) -> Pair {
        let start = DateTime::UNIX_EPOCH;
        Pair {
            access: OaAccessToken::new(access),
            refresh: OaRefreshToken::new("r").unwrap(),
            seed: String::new(),
            expires_at: start + TimeDelta::hours(25),
            renewed_at: start,
            renewing_until: None,
            failed_at: None,
            sealed: String::new(),
        }
    }

    #[test]
    fn a_pair_is_renewed_at_four_fifths_of_its_life() {
        let (pair, start) = (pair("a"), DateTime::UNIX_EPOCH);

        assert!(!pair.is_to_be_renewed(start + TimeDelta::hours(19)));
        assert!(pair.is_to_be_renewed(start + TimeDelta::hours(20)));
        assert!(pair.clone().usable(start + TimeDelta::hours(24)).is_some());
        assert!(pair.usable(start + TimeDelta::hours(25)).is_none());
    }

    #[test]
    fn a_pair_that_was_never_renewed_is_to_be_whatever_the_clocks_say() {
        let (pair, early) = (pair(""), DateTime::UNIX_EPOCH - TimeDelta::hours(1));

        assert!(pair.is_to_be_renewed(early));
        assert!(pair.usable(early).is_none());
    }
}
