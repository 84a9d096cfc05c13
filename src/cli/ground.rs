//! What most commands begin with: the settings, the database, the house.

use std::{fs, path::PathBuf};

use anyhow::Context as _;

use super::args::{Args, Command};
use crate::{
    config::{Config, ConfigError},
    db::Db,
    kit::{clock::Clock, vault::Vault},
    server::{Ground, House},
};

const DATA: &str = "data";
const DEMO_DATA: &str = "data/demo";

/// Everything that the settings say.
pub struct Setup {
    /// Defaults, file, environment and flags, in this order.
    pub config: Config,
    /// Where the embedded database and its master key are.
    pub data: PathBuf,
}

impl Setup {
    /// Reads the settings.
    pub fn of(args: &Args) -> Result<Self, ConfigError> {
        let mut config = Config::load(args.config.as_deref())?;
        if let Some(url) = args.database.as_ref().filter(|url| !url.is_empty()) {
            config.database.url = url.as_str().into();
        }
        let usual = if matches!(args.command, Command::Demo(_)) { DEMO_DATA } else { DATA };
        Ok(Self { config, data: args.data.clone().unwrap_or_else(|| usual.into()) })
    }

    /// The database, whatever its schema. The embedded one is made where there is none.
    pub async fn open(&self) -> anyhow::Result<Db> {
        if self.config.is_embedded() {
            fs::create_dir_all(&self.data).with_context(|| format!("the data directory {}", self.data.display()))?;
        }
        let url = self.config.database_url(&self.data);
        Db::connect(&url, self.config.database.connections).await.context("the database cannot be opened")
    }

    /// The database, for work on what is in it.
    pub async fn open_migrated(&self) -> anyhow::Result<Db> {
        let db = self.open().await?;
        let pending = db.pending_migrations().await.context("the database does not answer")?;
        anyhow::ensure!(pending.is_empty(), "the schema is older than this build; run `thidua migrate up` first");
        Ok(db)
    }

    /// What encrypts and signs. Beside an embedded database a key is made where there is none.
    pub fn vault(&self) -> Result<Vault, ConfigError> {
        self.config.vault(&self.data, self.config.is_embedded())
    }

    /// The house over a migrated database.
    pub async fn house(self, db: Db) -> anyhow::Result<House> {
        let vault = self.vault()?;
        House::build(Ground { config: self.config, db, clock: Clock::system(), vault }).await
    }
}
