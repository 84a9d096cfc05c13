//! Every setting, its default and its meaning. Read once: defaults, then a TOML file, then `THIDUA_…` from the environment
//! (sections joined by two underscores), then flags. An unknown key is refused; secrets never show.

use std::{
    fs, io,
    num::NonZeroU32,
    path::{Path, PathBuf},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use config::{Environment, File, FileFormat};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::kit::{secret::random_bytes, vault::Vault};

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
    /// How often one may call.
    pub rate_limit: RateLimit,
    /// The relay that spreads news.
    pub relay: Relay,
    /// Check-ins.
    pub checkins: Checkins,
    /// The audit log.
    pub audit: Audit,
    /// Erasures of members.
    pub erasures: Erasures,
    /// Spreadsheets that are brought in.
    pub imports: Imports,
    /// Pictures and other files.
    pub media: Media,
    /// What is written to standard error.
    pub log: Log,
}

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
}

/// The database.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// `sqlite://…` or `postgres://…`. Empty: `thidua.db` in the data directory. May hold a password.
    #[serde(serialize_with = "masked")]
    pub url: SecretString,
    /// The most connections to PostgreSQL.
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

/// Pictures and other files.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Media {
    /// The folder they are kept in; replicas share it. Empty: `media` in the data directory.
    pub directory: String,
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

/// Settings that cannot be used, in words that say what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file, an environment variable or a value of theirs.
    #[error("the configuration cannot be read: {0}")]
    Unreadable(#[from] config::ConfigError),
    /// No master key, where none may be made up.
    #[error(
        "no master key: set THIDUA_SECRETS__MASTER_KEY to 32 random bytes in base64 (openssl rand -base64 32), the same on every replica"
    )]
    NoMasterKey,
    /// A master key that is none.
    #[error("the master key must be 32 bytes in base64 (openssl rand -base64 32)")]
    BadMasterKey,
    /// The file of the master key.
    #[error("the master key's file {path}: {source}")]
    KeyFile {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        source: io::Error,
    },
}

/// What is so when nothing else is said. The file is the list of all settings.
const DEFAULTS: &str = include_str!("config.defaults.toml");

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
        Ok(builder.add_source(environment).build()?.try_deserialize()?)
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

    /// What encrypts and signs. With the embedded database a missing key is made and kept beside it.
    pub fn vault(&self, data: &Path, may_make_key: bool) -> Result<Vault, ConfigError> {
        let configured = self.secrets.master_key.expose_secret();
        if !configured.is_empty() {
            return decode_key(configured).map(Vault::new);
        }
        let path = match self.secrets.master_key_file.as_str() {
            "" => data.join("master.key"),
            file => PathBuf::from(file),
        };
        match fs::read_to_string(&path) {
            Ok(text) => decode_key(&text).map(Vault::new),
            Err(error) if error.kind() == io::ErrorKind::NotFound && may_make_key => {
                let key: [u8; 32] = random_bytes();
                write_key(&path, &key).map_err(|source| ConfigError::KeyFile { path, source })?;
                Ok(Vault::new(key))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(ConfigError::NoMasterKey),
            Err(source) => Err(ConfigError::KeyFile { path, source }),
        }
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

/// Whether a secret is set, and nothing of it.
fn masked<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(if secret.expose_secret().is_empty() { "" } else { "(set)" })
}

fn environment() -> Environment {
    Environment::with_prefix("THIDUA").prefix_separator("_").separator("__")
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

fn decode_key(text: &str) -> Result<[u8; 32], ConfigError> {
    let bytes = STANDARD.decode(text.trim()).map_err(|_not_base64| ConfigError::BadMasterKey)?;
    bytes.try_into().map_err(|_wrong_length| ConfigError::BadMasterKey)
}

/// Readable by its owner alone.
fn write_key(path: &Path, key: &[u8; 32]) -> io::Result<()> {
    use std::io::Write as _;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(STANDARD.encode(key).as_bytes())?;
    file.sync_all()
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
        fs::write(file.path(), "[server]\nlisten = \"1.1.1.1:1\"\nworkers = 3\n").unwrap();
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
