//! Every setting, its default and its meaning. Read once: defaults, then a TOML file, then `THIDUA_…` from the environment
//! (sections joined by two underscores), then flags. An unknown key is refused; secrets never show.

mod master_key;
mod sections;

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use config::{Environment, File, FileFormat};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};

pub use sections::{
    Audit, Checkins, Database, Erasures, Imports, Log, LogFormat, Media, RateLimit, Relay, Retention, Secrets, Server,
    SignIn, Zalo,
};

/// All settings. Serialised, secrets are masked.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The HTTP server.
    pub server: Server,
    /// The database.
    pub database: Database,
    /// What encrypts and signs.
    pub secrets: Secrets,
    /// The Zalo platform.
    pub zalo: Zalo,
    /// Tries to sign in that fail.
    pub sign_in: SignIn,
    /// How often one may call.
    pub rate_limit: RateLimit,
    /// The relay that spreads news.
    pub relay: Relay,
    /// Check-ins.
    pub checkins: Checkins,
    /// The audit log.
    pub audit: Audit,
    /// How long what people were told is kept.
    pub retention: Retention,
    /// Erasures of members.
    pub erasures: Erasures,
    /// Spreadsheets that are brought in.
    pub imports: Imports,
    /// Pictures and other files.
    pub media: Media,
    /// What is written to standard error.
    pub log: Log,
}

/// Settings that cannot be used, in words that say what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file, an environment variable or a value of theirs.
    #[error("the configuration cannot be read: {0}")]
    Unreadable(config::ConfigError),
    /// Numbers with which nothing would work.
    #[error("{0}")]
    OutOfRange(String),
    /// No master key, where none may be made up.
    #[error(
        "no master key: set THIDUA_SECRETS__MASTER_KEY to 32 random bytes in base64 (openssl rand -base64 32), the same on every replica"
    )]
    NoMasterKey,
    /// A master key that is none.
    #[error("the master key must be 32 bytes in base64 (openssl rand -base64 32)")]
    BadMasterKey,
    /// The file of the master key.
    #[error("the master key's file {path}: {fault}")]
    KeyFile {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        fault: io::Error,
    },
}

/// What is so when nothing else is said. The file is the list of all settings.
const DEFAULTS: &str = include_str!("defaults.toml");

impl Config {
    /// Defaults, then `file`, then the environment.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        Self::load_with(file, environment())
    }

    /// What is so when nobody says anything.
    pub fn defaults() -> Result<Self, ConfigError> {
        Self::load_with(None, environment().source(Some(config::Map::new())))
    }

    /// The same with an environment of the caller's.
    pub fn load_with(file: Option<&Path>, environment: Environment) -> Result<Self, ConfigError> {
        let mut builder = config::Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
        if let Some(file) = file {
            builder = builder.add_source(File::from(file).format(FileFormat::Toml));
        }
        let read = builder.add_source(environment).build().and_then(config::Config::try_deserialize);
        read.map_err(ConfigError::Unreadable).and_then(Self::bounded)
    }

    /// The same, if nothing is asked for with which the server would stand still or never rest; else everything that is.
    fn bounded(self) -> Result<Self, ConfigError> {
        let limits = &self.sign_in;
        let numbers: [(_, i128, _); 16] = [
            ("server.request_seconds", self.server.request_seconds.into(), 1..=600),
            ("server.max_connections", self.server.max_connections.into(), 0..=1_000_000),
            ("server.max_connections_per_address", self.server.max_connections_per_address.into(), 1..=1_000_000),
            // One migrates, one keeps other replicas from it meanwhile, and one reads what is pending.
            ("database.connections", self.database.connections.into(), 3..=10_000),
            ("relay.poll_ms", self.relay.poll_ms.into(), 10..=3_600_000),
            ("relay.max_attempts", self.relay.max_attempts.into(), 1..=100),
            ("zalo.timeout_seconds", self.zalo.timeout_seconds.into(), 1..=600),
            ("retention.inbox_days", self.retention.inbox_days.into(), 0..=36_500),
            ("retention.deliveries_days", self.retention.deliveries_days.into(), 0..=36_500),
            ("retention.provider_events_days", self.retention.provider_events_days.into(), 0..=36_500),
            ("retention.outbox_days", self.retention.outbox_days.into(), 0..=36_500),
            ("zalo.calls_at_once", i128::try_from(self.zalo.calls_at_once).unwrap_or(i128::MAX), 2..=1_000),
            ("sign_in.wrong_passwords_per_network", limits.wrong_passwords_per_network.get().into(), 1..=1_000_000),
            ("sign_in.wrong_passwords_in_all", limits.wrong_passwords_in_all.get().into(), 1..=1_000_000),
            ("sign_in.refused_tokens_per_address", limits.refused_tokens_per_address.get().into(), 1..=1_000_000),
            ("sign_in.refused_tokens_in_all", limits.refused_tokens_in_all.get().into(), 1..=1_000_000),
        ];
        let outside = numbers.into_iter().filter(|(_, number, permitted)| !permitted.contains(number));
        let said: Vec<String> = outside
            .map(|(name, number, permitted)| {
                format!("{name} is {number}; from {} to {} is permitted", permitted.start(), permitted.end())
            })
            .collect();
        if said.is_empty() { Ok(self) } else { Err(ConfigError::OutOfRange(said.join("\n"))) }
    }

    /// The database's URL; the embedded one in `data` unless another is configured.
    pub fn database_url(&self, data: &Path) -> String {
        let url = self.database.url.expose_secret();
        if url.is_empty() { format!("sqlite://{}", data.join("thidua.db").display()) } else { url.to_owned() }
    }

    /// Does the database live in the data directory?
    pub fn is_embedded(&self) -> bool {
        let url = self.database.url.expose_secret();
        url.is_empty() || url.starts_with("sqlite:")
    }

    /// The file of the embedded database.
    pub fn embedded_file(&self, data: &Path) -> Option<PathBuf> {
        let url = self.database_url(data);
        let path = url.strip_prefix("sqlite:")?;
        let path = path.strip_prefix("//").unwrap_or(path);
        Some(path.split('?').next().unwrap_or(path).into())
    }

    /// Settings of the Zalo client.
    pub fn zalo_settings(&self) -> crate::outside::zalo::ZaloSettings {
        crate::outside::zalo::ZaloSettings {
            graph_url: self.zalo.graph_url.clone(),
            oauth_url: self.zalo.oauth_url.clone(),
            openapi_url: self.zalo.openapi_url.clone(),
            app_id: self.zalo.app_id.clone(),
            app_secret: self.zalo.app_secret.clone(),
            send_proof_to_oa: self.zalo.send_proof_to_oa,
            timeout: Duration::from_secs(self.zalo.timeout_seconds),
            calls_at_once: self.zalo.calls_at_once,
            refused_per_network: self.sign_in.refused_tokens_per_address.get(),
            refused_in_all: self.sign_in.refused_tokens_in_all.get(),
        }
    }

    /// The URL by which clients reach the server.
    pub fn public_url(&self) -> String {
        match self.server.public_url.trim_end_matches('/') {
            "" => format!("http://{}", self.server.listen),
            url => url.to_owned(),
        }
    }
}

fn environment() -> Environment {
    Environment::with_prefix("THIDUA").prefix_separator("_").separator("__")
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn with(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let variables: HashMap<String, String> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Config::load_with(None, environment().source(Some(variables)))
    }

    #[test]
    fn the_environment_overrides_the_defaults() {
        let config = with(&[("THIDUA_SERVER__LISTEN", "0.0.0.0:9"), ("THIDUA_RATE_LIMIT__PER_MEMBER", "7")]).unwrap();

        assert_eq!(config.server.listen, "0.0.0.0:9");
        assert_eq!(config.rate_limit.per_member.get(), 7);
        assert_eq!(with(&[]).unwrap().server.listen, "127.0.0.1:8080");
    }

    #[test]
    fn a_text_in_the_environment_is_taken_as_it_is_written() {
        for text in ["0012345", "12345678901234567890", "1e10", "TRUE", "0x1F"] {
            let config = with(&[("THIDUA_ZALO__APP_ID", text), ("THIDUA_ZALO__APP_SECRET", text)]).unwrap();

            assert_eq!((config.zalo.app_id.as_str(), config.zalo.app_secret.expose_secret()), (text, text));
        }
        let config = with(&[("THIDUA_ZALO__SEND_PROOF_TO_OA", "false"), ("THIDUA_RELAY__MAX_ATTEMPTS", "3")]).unwrap();
        assert_eq!((config.zalo.send_proof_to_oa, config.relay.max_attempts), (false, 3));
        assert!(with(&[("THIDUA_RELAY__MAX_ATTEMPTS", "many")]).is_err());
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let error = with(&[("THIDUA_SERVER__LISTNE", "x")]).unwrap_err();

        assert!(error.to_string().contains("listne"), "{error}");
    }

    #[test]
    fn a_number_with_which_nothing_would_work_is_refused_with_what_is_permitted() {
        for (variable, number, said) in [
            ("THIDUA_DATABASE__CONNECTIONS", "0", "database.connections is 0; from 3 to 10000 is permitted"),
            ("THIDUA_DATABASE__CONNECTIONS", "2", "database.connections is 2; from 3 to 10000 is permitted"),
            ("THIDUA_RELAY__POLL_MS", "0", "relay.poll_ms is 0; from 10 to 3600000 is permitted"),
            ("THIDUA_RELAY__MAX_ATTEMPTS", "-3", "relay.max_attempts is -3; from 1 to 100 is permitted"),
            ("THIDUA_RETENTION__INBOX_DAYS", "36501", "retention.inbox_days is 36501; from 0 to 36500 is permitted"),
            ("THIDUA_ZALO__TIMEOUT_SECONDS", "0", "zalo.timeout_seconds is 0; from 1 to 600 is permitted"),
            (
                "THIDUA_SERVER__MAX_CONNECTIONS_PER_ADDRESS",
                "0",
                "server.max_connections_per_address is 0; from 1 to 1000000 is permitted",
            ),
            (
                "THIDUA_SERVER__MAX_CONNECTIONS",
                "1000001",
                "server.max_connections is 1000001; from 0 to 1000000 is permitted",
            ),
            ("THIDUA_ZALO__CALLS_AT_ONCE", "1", "zalo.calls_at_once is 1; from 2 to 1000 is permitted"),
            (
                "THIDUA_SIGN_IN__WRONG_PASSWORDS_IN_ALL",
                "2000000",
                "sign_in.wrong_passwords_in_all is 2000000; from 1 to 1000000 is permitted",
            ),
        ] {
            assert_eq!(with(&[(variable, number)]).unwrap_err().to_string(), said);
        }
        assert!(with(&[("THIDUA_DATABASE__CONNECTIONS", "3"), ("THIDUA_RELAY__POLL_MS", "10")]).is_ok());
    }

    #[test]
    fn secrets_never_show() {
        let config =
            with(&[("THIDUA_ZALO__APP_SECRET", "hush-hush"), ("THIDUA_DATABASE__URL", "postgres://u:hush-hush@h/d")])
                .unwrap();

        assert!(!format!("{config:?}").contains("hush-hush"));
        assert!(!serde_json::to_string(&config).unwrap().contains("hush-hush"));
    }

    #[test]
    fn a_list_in_the_environment_is_separated_by_commas() {
        let config = with(&[("THIDUA_SERVER__CORS_ORIGINS", "https://a.example,https://b.example")]).unwrap();

        assert_eq!(config.server.cors_origins, ["https://a.example", "https://b.example"]);
    }

    #[test]
    fn a_file_stands_between_the_defaults_and_the_environment() {
        let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
        std::fs::write(file.path(), "[server]\nlisten = \"1.1.1.1:1\"\nworkers = 3\n").unwrap();
        let variables = HashMap::from([("THIDUA_SERVER__WORKERS".to_owned(), "4".to_owned())]);

        let config = Config::load_with(Some(file.path()), environment().source(Some(variables))).unwrap();

        assert_eq!((config.server.listen.as_str(), config.server.workers), ("1.1.1.1:1", 4));
    }

    #[test]
    fn a_master_key_is_made_once_and_only_where_it_may_be() {
        let folder = tempfile::tempdir().unwrap();
        let config = with(&[]).unwrap();

        assert!(matches!(config.vault(folder.path(), false), Err(ConfigError::NoMasterKey)));
        let sealed = config.vault(folder.path(), true).unwrap().seal("x", "y");
        assert_eq!(config.vault(folder.path(), false).unwrap().open("x", &sealed).unwrap(), "y");
    }
}
