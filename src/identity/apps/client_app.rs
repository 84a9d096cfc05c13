//! What a client app is.

use std::num::NonZeroU32;

use chrono::{DateTime, Utc};
use url::{Host, Url};

use crate::kit::{secrets::secret::token_hash, values::ClientAppId};

/// A client app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientApp {
    /// Its id.
    pub id: ClientAppId,
    /// What it signs in as.
    pub client_id: String,
    /// What people call it.
    pub name: String,
    /// The hash of its secret.
    pub secret_hash: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Where its pages call from, as browsers say it in `Origin`.
    pub allowed_origins: Vec<String>,
    /// How many requests a minute it may make; none is the usual number.
    pub requests_per_minute: Option<NonZeroU32>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Since when it may do nothing.
    pub disabled_at: Option<DateTime<Utc>>,
    /// The row's version, for optimistic locking.
    pub version: i64,
}

impl ClientApp {
    /// A new app with this secret, which is not kept.
    pub fn new(client_id: &str, name: &str, secret: &str, scopes: &[&str]) -> Self {
        Self {
            id: ClientAppId::new(),
            client_id: client_id.to_owned(),
            name: name.to_owned(),
            secret_hash: token_hash(secret),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            allowed_origins: Vec::new(),
            requests_per_minute: None,
            created_at: DateTime::UNIX_EPOCH,
            disabled_at: None,
            version: 1,
        }
    }
}

/// Is it an origin as browsers write it (RFC 6454, 6.2), and one that can be trusted: https, or this very machine?
pub fn is_origin(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let is_local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let is_trusted = url.scheme() == "https" || url.scheme() == "http" && is_local;
    // Origins are compared as they are: a star stands for nothing.
    is_trusted && !text.contains('*') && url.origin().ascii_serialization() == text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_exactly_as_browsers_write_it() {
        for right in
            ["https://cong.example", "https://cong.example:8443", "http://localhost:3000", "http://127.0.0.1:1"]
        {
            assert!(is_origin(right), "{right}");
        }
        for wrong in [
            "https://cong.example/",
            "https://Cong.example",
            "http://cong.example",
            "*",
            "https://*.example",
            "null",
            "https://a.example/x",
            "https://a.example:443",
        ] {
            assert!(!is_origin(wrong), "{wrong}");
        }
    }
}
