//! Campaigns: for whom they are, and what they are called.

mod store;

use serde::{Deserialize, Deserializer};
pub use store::{open_to, titles};

/// Tells null, which clears, from absent, which changes nothing (RFC 7396).
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
