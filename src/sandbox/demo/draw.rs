//! Chance that falls the same way each time: drawn from a key, never from the clock or the system's generator.

use chrono::{DateTime, Utc};
use uuid::{Builder, Uuid};

use crate::kit::secrets::secret::{sha256, to_hex};

/// A source of draws (SplitMix64). The same key gives the same ones.
#[derive(Clone, Debug)]
pub struct Draw(u64);

impl Draw {
    /// The draws of this key.
    pub fn of(key: &str) -> Self {
        Self(hash(key))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = high.saturating_sub(low).saturating_add(1).unsigned_abs().max(1);
        low.saturating_add(i64::try_from(self.next() % span).unwrap_or(0))
    }

    /// One of them; none of nothing.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let last = i64::try_from(items.len()).ok()?.checked_sub(1)?;
        items.get(usize::try_from(self.between(0, last.max(0))).ok()?)
    }

    /// True so often in a hundred draws.
    pub fn is_lucky(&mut self, percent: i64) -> bool {
        self.between(1, 100) <= percent
    }
}

fn hash(key: &str) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = sha256(key.as_bytes());
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

/// An id of the shape of a UUIDv7 (RFC 9562): of this moment, and of this key alone.
pub fn id_of(key: &str, moment: DateTime<Utc>) -> Uuid {
    let [a, b, c, d, e, f, g, h, i, j, ..] = sha256(key.as_bytes());
    let millis = u64::try_from(moment.timestamp_millis()).unwrap_or(0);
    Builder::from_unix_timestamp_millis(millis, &[a, b, c, d, e, f, g, h, i, j]).into_uuid()
}

/// So many lower-case letters and digits, of this key alone.
pub fn code_of(key: &str, length: usize) -> String {
    to_hex(&sha256(key.as_bytes())).chars().take(length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_key_draws_the_same() {
        let drawn = |key| {
            let mut draw = Draw::of(key);
            [draw.between(1, 1000), draw.between(1, 1000), draw.between(1, 1000)]
        };

        assert_eq!(drawn("a"), drawn("a"));
        assert_ne!(drawn("a"), drawn("b"));
        assert!(drawn("a").iter().all(|number| (1..=1000).contains(number)));
    }

    #[test]
    fn an_id_has_the_shape_of_its_version_and_the_time_in_front() {
        let id = id_of("unit/bvdk", DateTime::UNIX_EPOCH);

        assert_eq!(id.get_version_num(), 7);
        assert!(id < id_of("unit/bvdk", "2020-01-01T00:00:00Z".parse().unwrap()));
        assert_eq!(id, id_of("unit/bvdk", DateTime::UNIX_EPOCH));
    }
}
