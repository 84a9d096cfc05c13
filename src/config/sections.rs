//! The sections of the settings, each as it is written in a file.

use std::num::{NonZeroU32, NonZeroUsize};

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The HTTP server.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Address and port to listen on.
    pub listen: String,
    /// The URL by which clients reach it; issuer of the access tokens. Empty: `http://` and the address listened on.
    pub public_url: String,
    /// How many proxies stand in front and write `X-Forwarded-For`; 0 trusts none.
    pub forwarded_hops: usize,
    /// Worker threads; 0 is one for each processor.
    pub workers: usize,
    /// Origins that browsers may call from, matched as text: the Mini App's web view and our own front ends.
    #[serde(deserialize_with = "list_or_commas")]
    pub cors_origins: Vec<String>,
    /// How long requests under way may take after a stop signal, in seconds.
    pub shutdown_seconds: u64,
    /// How long a request may take from the last byte of its body on, in seconds. Then it is answered 503 and its change is
    /// rolled back.
    pub request_seconds: u64,
    /// The most connections that are open at once; 0 is as many as the process has descriptors for, with a reserve for the
    /// database, files and outgoing calls, at most 8,192. Never more than that reserve leaves.
    pub max_connections: u32,
    /// The most of them from one address (an IPv6 network of 64 bits is one). Behind proxies, whose connections are not their
    /// clients': the most requests under way of one client's address, as `forwarded_hops` gives it.
    pub max_connections_per_address: u32,
    /// Address and port for figures and probes (`/metrics`, `/healthz`, `/readyz`), not for the public. Empty: none.
    pub internal_listen: String,
}

/// The database.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// `sqlite://…` or `postgres://…`. Empty: `thidua.db` in the data directory. May hold a password.
    #[serde(serialize_with = "masked")]
    pub url: SecretString,
    /// The most connections to PostgreSQL that requests have at once. Background work and the probe of readiness have a few
    /// of their own.
    pub connections: u32,
}

/// What encrypts and signs.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// 32 random bytes in base64; the same on every replica. Empty: read from `master_key_file`.
    #[serde(serialize_with = "masked")]
    pub master_key: SecretString,
    /// A file with the master key. Empty: `master.key` in the data directory, made there when the database is embedded.
    pub master_key_file: String,
}

/// The Zalo platform.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Zalo {
    /// Where users' tokens are verified.
    pub graph_url: String,
    /// Where the Official Account's tokens are renewed.
    pub oauth_url: String,
    /// The Official Account API.
    pub openapi_url: String,
    /// The Zalo app's id.
    pub app_id: String,
    /// The Zalo app's secret.
    #[serde(serialize_with = "masked")]
    pub app_secret: SecretString,
    /// The Official Account's first refresh token, from Zalo's API Explorer; later ones are kept in the database.
    #[serde(serialize_with = "masked")]
    pub oa_refresh_token: SecretString,
    /// The Mini App's Open API key, by which Zalo signs what it tells us of the Mini App; empty: nothing is taken.
    #[serde(serialize_with = "masked")]
    pub mini_app_api_key: SecretString,
    /// Send `appsecret_proof` to the Official Account API too.
    pub send_proof_to_oa: bool,
    /// How long one call may take, in seconds.
    pub timeout_seconds: u64,
    /// How many calls about people, which sign-ins make, each replica makes at once.
    pub calls_at_once: usize,
}

/// Tries to sign in that fail.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// How many wrong passwords and codes of staff are taken in ten minutes from one network (24 bits of IPv4, 48 of IPv6), on
    /// all replicas together. Browsers that the owner of the account has signed in on are not counted.
    pub wrong_passwords_per_network: NonZeroU32,
    /// The same from everywhere.
    pub wrong_passwords_in_all: NonZeroU32,
    /// How many tokens from one address (48 bits of IPv6) Zalo may refuse before that address waits, on each replica. One
    /// comes back in ten seconds, and one with each sign-in that succeeds.
    pub refused_tokens_per_address: NonZeroU32,
    /// How many a minute from all addresses, before each that has had any waits.
    pub refused_tokens_in_all: NonZeroU32,
}

/// How often one may call, in requests a minute, on each replica.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Without signing in, by address. Phones of one carrier share addresses: not too low.
    pub per_address: NonZeroU32,
    /// By member.
    pub per_member: NonZeroU32,
    /// By client app.
    pub per_app: NonZeroU32,
}

/// The relay.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Relay {
    /// How often it looks for work that no message told it of, in milliseconds.
    pub poll_ms: u64,
    /// How often a delivery is tried before it is dead.
    pub max_attempts: i32,
}

/// Check-ins.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Checkins {
    /// How many days after it happened a check-in may arrive and still count without a manager's decision.
    pub grace_days: u32,
}

/// The audit log.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    /// For how many months rows are kept, the current one apart; 0 keeps them for ever.
    pub keep_months: u32,
}

/// How long what people were told is kept, in days; 0 keeps it for ever. Whole batches go, about once a minute.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Notifications in inboxes, read or not.
    pub inbox_days: u32,
    /// Deliveries that have ended, with their attempts.
    pub deliveries_days: u32,
    /// What providers told us, from when it was worked on.
    pub provider_events_days: u32,
    /// Events; one that a notification tells of stays as long as that.
    pub outbox_days: u32,
}

/// Pictures and other files.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Media {
    /// The folder they are kept in; replicas share it. Empty: `media` in the data directory. Files that are being received
    /// stand in its folder `tmp`.
    pub directory: String,
    /// How many files may be received at once on each replica; more are answered 503.
    pub uploads_at_once: NonZeroUsize,
    /// How many of one member among them; more are answered 429.
    pub uploads_per_member: NonZeroUsize,
}

/// Erasures of members.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Erasures {
    /// A file that every erasure is appended to, apart from the database: what a restored backup brings back is erased again
    /// from it before anything is served. Empty: `erasures.log` beside the embedded database, none with PostgreSQL.
    pub log: String,
}

/// Spreadsheets that are brought in.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Imports {
    /// The largest file, in bytes.
    pub max_file_bytes: u64,
    /// The most rows of one file.
    pub max_rows: u32,
}

/// What is written to standard error.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// `json` or `text`.
    pub format: LogFormat,
    /// What is written, in the syntax of tracing's `EnvFilter`.
    pub filter: String,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// An object a line, for machines.
    Json,
    /// For people.
    Text,
}

/// Whether a secret is set, and nothing of it.
fn masked<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(if secret.expose_secret().is_empty() { "" } else { "(set)" })
}

/// A list, or a text with commas: the environment has texts only, and none of them is parsed before its setting is known,
/// so that a secret keeps its leading zeros.
fn list_or_commas<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        List(Vec<String>),
        Commas(String),
    }
    Ok(match Either::deserialize(deserializer)? {
        Either::List(list) => list,
        Either::Commas(text) => {
            text.split(',').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect()
        }
    })
}
