//! The database, SQLite or PostgreSQL through the same code. Reading and writing differ in their types: a function that
//! reads takes `&impl ConnectionTrait`, one that writes takes `&Tx`, so that a write outside a transaction does not compile.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use migration::{Migrator, MigratorTrait as _};
pub use sea_orm::ConnectionTrait;
use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbBackend, DbErr};
use sqlx::postgres::PgSslMode;

pub mod backup;
pub mod dialect;
mod session;
pub mod trouble;
mod tx;

use session::{Session, outside_transactions};
pub use tx::Tx;

/// How long a request waits for a connection, or on SQLite for its turn to write, before it is answered 503: longer than the
/// queue of a busy minute, so that fifty phones at once on a slow machine are all served, and shorter than a phone waits.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(15);
/// Reads on SQLite: a few connections serve well, and each one has its own page cache.
const SQLITE_READERS: u32 = 4;
const SQLITE_BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// A database: where to read, and where to write.
#[derive(Clone, Debug)]
pub struct Db {
    reads: DatabaseConnection,
    writes: DatabaseConnection,
    freed: Arc<AtomicBool>,
}

/// Who makes a change, for the audit log.
#[derive(Clone, Debug, Default)]
pub struct Actor {
    /// The caller's key (`member:…`, `app:…`), `anonymous` or `system`.
    pub key: String,
    /// The request it came by.
    pub request_id: Option<String>,
}

impl Actor {
    /// The server itself.
    pub fn system() -> Self {
        Self { key: "system".to_owned(), request_id: None }
    }
}

/// What is to happen once a change is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// There are events to number and to spread.
    WakeRelay,
    /// There is a spreadsheet to bring in.
    WakeImports,
    /// Somebody's rights have changed.
    ForgetCallers,
    /// What people read has changed.
    ForgetPages,
    /// There is a new signing key, or one is not to be used any more.
    ReloadKeys,
}

impl Effect {
    /// Its name in a message to the other replicas.
    pub const fn name(self) -> &'static str {
        match self {
            Self::WakeRelay => "wake_relay",
            Self::WakeImports => "wake_imports",
            Self::ForgetCallers => "forget_callers",
            Self::ForgetPages => "forget_pages",
            Self::ReloadKeys => "reload_keys",
        }
    }

    /// The effect of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::WakeRelay, Self::WakeImports, Self::ForgetCallers, Self::ForgetPages, Self::ReloadKeys]
            .into_iter()
            .find(|effect| effect.name() == name)
    }
}

impl Db {
    /// Connects to `url` (`sqlite://…` or `postgres://…`); `connections` bounds the PostgreSQL pool. To a server on this very
    /// machine it speaks without TLS, unless the URL has an `sslmode`: that would keep no secret, and a statement of more
    /// than one TLS record (16 KiB) would wait 40 ms for the receiver's delayed acknowledgement.
    pub async fn connect(url: &str, connections: u32) -> Result<Self, DbErr> {
        if url.starts_with("sqlite:") {
            let writes = Database::connect(sqlite_options(url, 1, false)).await?;
            let reads = Database::connect(sqlite_options(url, SQLITE_READERS, true)).await?;
            return Ok(Self { reads, writes, freed: Arc::default() });
        }
        let says_tls = url.contains("sslmode=") || url.contains("ssl-mode=");
        let mut options = ConnectOptions::new(url);
        options
            .max_connections(connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .sqlx_logging(false)
            .map_sqlx_postgres_pool_opts(outside_transactions)
            .map_sqlx_postgres_opts(move |options| {
                let options = options.options([("synchronous_commit", "on"), ("timezone", "UTC")]);
                if says_tls || !is_this_machine(options.get_host()) {
                    options
                } else {
                    options.ssl_mode(PgSslMode::Disable)
                }
            });
        let pool = Database::connect(options).await?;
        Ok(Self { reads: pool.clone(), writes: pool, freed: Arc::default() })
    }

    /// Where to read, outside a change.
    pub const fn reads(&self) -> &DatabaseConnection {
        &self.reads
    }

    /// Is it SQLite or PostgreSQL?
    pub fn backend(&self) -> DbBackend {
        self.writes.get_database_backend()
    }

    /// Begins a change.
    pub async fn begin(&self, now: DateTime<Utc>, actor: Actor) -> Result<Tx, DbErr> {
        Ok(Tx::new(Session::begin(&self.writes).await?, now, actor))
    }

    /// Brings the schema up to date. Replicas that start together do it one after the other. Where it is so already nothing is
    /// written: a server starts on a full disk.
    pub async fn migrate(&self) -> Result<(), DbErr> {
        if self.is_up_to_date().await? {
            return Ok(());
        }
        if self.backend() == DbBackend::Sqlite {
            return Migrator::up(&self.writes, None).await;
        }
        let lock = self.begin(DateTime::UNIX_EPOCH, Actor::system()).await?;
        dialect::lock_until_commit(&lock, dialect::MIGRATION_LOCK).await?;
        Migrator::up(&self.writes, None).await?;
        // It held a lock, and changed nothing.
        lock.roll_back().await
    }

    /// Takes back the last migration.
    pub async fn migrate_down(&self) -> Result<(), DbErr> {
        Migrator::down(&self.writes, Some(1)).await
    }

    /// Does the schema have every migration that this build knows? Only reads: probes never wait for the writer.
    pub async fn is_up_to_date(&self) -> Result<bool, DbErr> {
        Ok(self.pending_migrations().await?.is_empty())
    }

    /// The names of the migrations that are still to be run. Only reads: an empty database stays empty.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, DbErr> {
        let pending = Migrator::get_pending_migrations_read_only(&self.reads).await?;
        Ok(pending.iter().map(|migration| migration.name().to_owned()).collect())
    }

    /// Makes SQLite take over and empty its write-ahead log, where what was erased may still be read; while somebody reads it
    /// cannot, and `has_freed_pages` says so. Elsewhere nothing is to be done: PostgreSQL's vacuum comes by itself.
    pub async fn forget_freed_pages(&self) -> Result<(), DbErr> {
        if self.backend() == DbBackend::Sqlite {
            self.freed.store(true, Ordering::Relaxed);
            let is_empty = dialect::empty_log(&self.writes).await?;
            self.freed.store(!is_empty, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Is there still something of what was erased in the write-ahead log?
    pub fn has_freed_pages(&self) -> bool {
        self.freed.load(Ordering::Relaxed)
    }

    /// Closes every connection. On SQLite everything is in the file of the database afterwards, unless another process uses
    /// it. The readers go last: they may not delete the index of the write-ahead log, so that it keeps its room on the disk,
    /// without which SQLite opens nothing, not even for reading. A start on a full disk needs it.
    pub async fn close(self) -> Result<(), DbErr> {
        if self.backend() == DbBackend::Sqlite
            && let Err(error) = dialect::settle_log(&self.writes).await
        {
            tracing::warn!(%error, "the write-ahead log stays as it is; it is read when the database is opened next");
        }
        self.writes.close().await?;
        self.reads.close().await
    }
}

/// The names of all migrations that this build knows.
fn migration_names() -> Vec<String> {
    Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect()
}

fn is_this_machine(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn sqlite_options(url: &str, connections: u32, is_read_only: bool) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .sqlx_logging(false)
        .map_sqlx_sqlite_pool_opts(outside_transactions)
        .map_sqlx_sqlite_opts(move |options| {
            use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
            options
                .create_if_missing(!is_read_only)
                .read_only(is_read_only)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                // What is deleted is overwritten: an erased name is not to be read off freed pages.
                .pragma("secure_delete", "ON")
                .busy_timeout(SQLITE_BUSY_TIMEOUT)
        });
    options
}

impl crate::kit::once::Once {
    /// Who makes the change, for the audit log.
    pub fn actor(&self) -> Actor {
        Actor { key: self.caller.clone(), request_id: self.request_id.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_known_by_its_names_and_addresses() {
        assert!(["localhost", "127.0.0.1", "[::1]", "::1"].into_iter().all(is_this_machine));
        assert!(!["postgres", "10.0.0.1", "db.example.vn", "localhost.example.vn"].into_iter().any(is_this_machine));
    }
}
