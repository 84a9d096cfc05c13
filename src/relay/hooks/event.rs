//! What Zalo tells of the Mini App, and how it proves that it is Zalo.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::kit::secrets::secret::{equal_in_constant_time, sha256, to_hex};

/// Somebody has withdrawn the consent that they gave Zalo for this Mini App.
pub const REVOKED: &str = "user.revoke.consent";

/// An event about somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MiniAppEvent {
    /// Its name.
    pub kind: String,
    /// The app's id of whom it is about; none in events about nobody.
    pub user_id: Option<String>,
    /// When it happened, as Zalo says: between 1970 and the moment at which it was received.
    pub occurred_at: DateTime<Utc>,
}

impl MiniAppEvent {
    /// The event, received at that moment; none when it is none that we understand. One from the future has happened now: its
    /// clock is ahead, and a date of its own choosing must not outlast every later sign-in.
    pub fn of(fields: &Map<String, Value>, received_at: DateTime<Utc>) -> Option<Self> {
        let kind = fields.get("event")?.as_str()?.to_owned();
        let user_id = fields.get("userId").map(text_of).filter(|id| !id.is_empty());
        let milliseconds: i64 = fields.get("timestamp").and_then(|value| text_of(value).parse().ok())?;
        let occurred_at = DateTime::from_timestamp_millis(milliseconds.max(0)).unwrap_or(received_at);
        Some(Self { kind, user_id, occurred_at: occurred_at.min(received_at) })
    }
}

/// Is this the signature of these fields? It is SHA-256 over all values in the order of their keys, objects as compact JSON,
/// and the Mini App's Open API key behind them; no HMAC, and not over the body as it came.
pub fn is_signed(fields: &Map<String, Value>, signature: &str, api_key: &str) -> bool {
    let signature = signature.trim().trim_start_matches("mac=").to_ascii_lowercase();
    !api_key.is_empty() && equal_in_constant_time(&signature, &signature_of(fields, api_key))
}

/// The signature of these fields, in hexadecimal.
pub fn signature_of(fields: &Map<String, Value>, api_key: &str) -> String {
    let mut keys: Vec<&String> = fields.keys().collect();
    keys.sort();
    let mut text: String = keys.into_iter().filter_map(|key| fields.get(key)).map(text_of).collect();
    text.push_str(api_key);
    to_hex(&sha256(text.as_bytes()))
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields() -> Map<String, Value> {
        let event = json!({"event": REVOKED, "appId": "42", "userId": "7357123456789012341", "timestamp": 1_773_108_000_000_i64});
        event.as_object().unwrap().clone()
    }

    #[test]
    fn the_signature_is_over_the_values_in_the_order_of_their_keys() {
        let expected = sha256(b"42user.revoke.consent17731080000007357123456789012341key");

        assert_eq!(signature_of(&fields(), "key"), to_hex(&expected));
        assert!(is_signed(&fields(), &to_hex(&expected), "key"));
        assert!(!is_signed(&fields(), &to_hex(&expected), "other"));
        assert!(!is_signed(&fields(), &signature_of(&fields(), ""), ""), "no key takes nothing");
    }

    #[test]
    fn an_event_says_who_and_when() {
        let event = MiniAppEvent::of(&fields(), received_at()).unwrap();

        assert_eq!((event.kind.as_str(), event.user_id.as_deref()), (REVOKED, Some("7357123456789012341")));
        assert_eq!(event.occurred_at.to_rfc3339(), "2026-03-10T02:00:00+00:00");
        assert_eq!(MiniAppEvent::of(json!({"event": "x"}).as_object().unwrap(), received_at()), None);
    }

    fn received_at() -> DateTime<Utc> {
        "2026-03-10T03:00:00Z".parse().unwrap()
    }

    #[test]
    fn no_event_is_from_the_future_or_from_before_1970() {
        let at = |timestamp: Value| {
            let event = json!({"event": REVOKED, "userId": "7", "timestamp": timestamp});
            MiniAppEvent::of(event.as_object().unwrap(), received_at()).map(|event| event.occurred_at)
        };

        assert_eq!(at(json!(1_773_108_000_000_i64)), Some("2026-03-10T02:00:00Z".parse().unwrap()));
        assert_eq!(at(json!("1773108000000")), at(json!(1_773_108_000_000_i64)));
        for future in [json!(1_973_108_000_000_i64), json!(i64::MAX), json!("9223372036854775807")] {
            assert_eq!(at(future), Some(received_at()));
        }
        assert_eq!(at(json!(i64::MIN)), Some(DateTime::UNIX_EPOCH));
        for odd in [json!(9e300), json!("soon"), json!(null), json!([])] {
            assert_eq!(at(odd), None);
        }
    }
}
