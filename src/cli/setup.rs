//! What most commands begin with: the settings, the database, the server.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::OnceLock,
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};

use super::args::{Args, Command};
use crate::{
    config::{Config, ConfigError},
    db::Db,
    kit::{secrets::Vault, values::Clock},
    server::{Server, ServerParts},
};

const DATA: &str = "data";
const DEMO_DATA: &str = "data/demo";
/// The list of erasures, in the data directory.
pub const ERASURES: &str = "erasures.log";

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
        let data = args.data.clone().unwrap_or_else(|| usual.into());
        if config.erasures.log.is_empty() && config.is_embedded() {
            config.erasures.log = data.join(ERASURES).display().to_string();
        }
        if config.media.directory.is_empty() {
            config.media.directory = data.join("media").display().to_string();
        }
        Ok(Self { config, data })
    }

    /// The database that is there, whatever its schema. Nothing is made: a mistyped directory is told.
    pub async fn open(&self) -> anyhow::Result<Db> {
        self.is_there()?;
        self.open_or_make().await
    }

    fn is_there(&self) -> anyhow::Result<()> {
        if let Some(file) = self.config.embedded_file(&self.data).filter(|file| !file.exists()) {
            bail!(
                "there is no database {}; name another by --data or --database, or make it by `thidua migrate up`",
                file.display()
            );
        }
        Ok(())
    }

    /// The same; the embedded one is made where there is none.
    pub async fn open_or_make(&self) -> anyhow::Result<Db> {
        let url = self.prepare()?;
        Db::connect(&url, self.config.database.connections).await.context("the database cannot be opened")
    }

    /// The same to answer requests from, each within its deadline.
    pub async fn open_to_serve(&self) -> anyhow::Result<Db> {
        let url = self.prepare()?;
        let deadline = Duration::from_secs(self.config.server.request_seconds);
        let db = Db::connect_to_serve(&url, self.config.database.connections, deadline).await;
        db.context("the database cannot be opened")
    }

    /// Makes the place of an embedded database, and holds it. Gives the URL.
    fn prepare(&self) -> anyhow::Result<String> {
        if self.config.is_embedded() {
            fs::create_dir_all(&self.data).with_context(|| format!("the data directory {}", self.data.display()))?;
        }
        if let Some(file) = self.config.embedded_file(&self.data) {
            hold(&file)?;
            keep_to_owner(&file).with_context(|| format!("the database {}", file.display()))?;
        }
        Ok(self.config.database_url(&self.data))
    }

    /// The database, for work on what is in it.
    pub async fn open_migrated(&self) -> anyhow::Result<Db> {
        migrated(self.open().await?).await
    }

    /// The same for the background work of a server.
    pub async fn open_to_work(&self) -> anyhow::Result<Db> {
        self.is_there()?;
        migrated(self.open_to_serve().await?).await
    }

    /// What encrypts and signs. Beside an embedded database a key is made where there is none.
    pub fn vault(&self) -> Result<Vault, ConfigError> {
        self.config.vault(&self.data, self.config.is_embedded())
    }

    /// The server over a migrated database.
    pub async fn server(self, db: Db) -> anyhow::Result<Server> {
        let vault = self.vault()?;
        Server::build(ServerParts { config: self.config, db, clock: Clock::system(), vault }).await
    }
}

/// The database, unless its schema is older than this build.
async fn migrated(db: Db) -> anyhow::Result<Db> {
    let pending = db.pending_migrations().await.context("the database does not answer")?;
    anyhow::ensure!(pending.is_empty(), "the schema is older than this build; run `thidua migrate up` first");
    Ok(db)
}

/// Says that this process uses the embedded database, until it ends: no backup is put in its place meanwhile.
fn hold(database: &Path) -> anyhow::Result<()> {
    static HELD: OnceLock<File> = OnceLock::new();
    let lock = lock_of(database)?;
    ensure!(lock.try_lock_shared().is_ok(), "a backup is being put in the place of {}", database.display());
    let _held_already = HELD.set(lock);
    Ok(())
}

/// Makes the file of the database where there is none, readable by its owner alone. What SQLite writes beside it is so too.
fn keep_to_owner(database: &Path) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(database) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(|_file| ()),
    }
}

/// The same, and that nobody else does; for as long as what it gives is there.
pub fn hold_alone(database: &Path) -> anyhow::Result<File> {
    let lock = lock_of(database)?;
    ensure!(lock.try_lock().is_ok(), "{} is in use; stop the server first", database.display());
    Ok(lock)
}

fn lock_of(database: &Path) -> anyhow::Result<File> {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    let opened = File::options().create(true).truncate(false).write(true).open(&path);
    opened.with_context(|| Path::new(&path).display().to_string())
}
