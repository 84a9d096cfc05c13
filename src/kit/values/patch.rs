//! Partial updates (RFC 7396): absent is unchanged, null is cleared. What always has a value is documented as not nullable,
//! so that its null is a fault and never passes in silence.

use serde::{Deserialize, Deserializer};

/// Tells null, which clears, from absent, which changes nothing. For a field `Option<Option<T>>` with `#[serde(default)]`.
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// The same for what is empty once it is cleared: a list, a text. For a field `Option<T>` with `#[serde(default)]`.
pub fn given_or_empty<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de> + Default,
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer).map(|value: Option<T>| Some(value.unwrap_or_default()))
}

/// Changes `field`, where there is something to change it to.
pub fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}
