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

pub mod backup;
pub mod dialect;
pub mod exact;
mod job;
mod listener;
mod postgres;
mod readiness;
mod reads;
mod session;
pub mod trouble;
mod tx;

pub use job::as_job;
pub use listener::Listener;
use postgres::Sessions;
pub use readiness::Readiness;
use readiness::{Probe, Source};
use reads::Connections;
pub use reads::Reads;
use session::{Session, outside_transactions};
pub use tx::Tx;

/// How long commands and background work wait for a connection, or on SQLite for their turn to write.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(15);
/// Reads on SQLite: a few connections serve well, and each one has its own page cache.
const SQLITE_READERS: u32 = 4;
/// How long SQLite waits for another process that writes.
const SQLITE_BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How many connections to PostgreSQL background work has. They are opened when they are needed. Each of its loops uses one
/// at a time, and migrations two.
const JOB_CONNECTIONS: u32 = 8;
/// How many connections a replica opens besides those of requests: for background work, for what replicas tell each other, and
/// for the probe of readiness.
pub const BESIDE_REQUESTS: u32 = JOB_CONNECTIONS + 2;
/// How long background work waits for the answer to one statement. None takes so long, other than on a dead connection.
const JOB_PATIENCE: Duration = Duration::from_secs(30);

/// A database: where to read, and where to write. Requests and background work have connections of their own to PostgreSQL;
/// `as_job` tells which.
#[derive(Clone, Debug)]
pub struct Db {
    requests: Lane,
    jobs: Lane,
    probe: Arc<Probe>,
    freed: Arc<AtomicBool>,
}

/// Connections for one purpose.
#[derive(Clone, Debug)]
struct Lane {
    reads: Reads,
    writes: Connections,
}

impl Lane {
    /// The same connections to read and to write.
    fn of(pool: DatabaseConnection, patience: Option<Duration>) -> Self {
        let connections = Connections { pool, patience };
        Self { reads: Reads::new(connections.clone()), writes: connections }
    }
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
    /// Connects to `url` (`sqlite://…` or `postgres://…`) for work that takes what time it takes; `connections` bounds the
    /// PostgreSQL pool.
    pub async fn connect(url: &str, connections: u32) -> Result<Self, DbErr> {
        if url.starts_with("sqlite:") {
            return Self::connect_sqlite(url, ACQUIRE_TIMEOUT).await;
        }
        let sessions = Sessions { most: connections, acquire: ACQUIRE_TIMEOUT, limits: None, is_lazy: false };
        let lane = Lane::of(postgres::connect(url, sessions).await?, None);
        Self::on_postgres(url, lane.clone(), lane).await
    }

    /// The same for a server whose requests are answered within `deadline`. None of them waits for the database until then:
    /// - for a connection a third of it, so that there is time left to work, and a queue behind a dead server does not grow;
    ///   on SQLite, for the only writer's place, two thirds;
    /// - for a statement four fifths of it, then PostgreSQL itself ends it (and whatever it waited for);
    /// - for a silent connection all of it, then the connection is closed.
    ///
    /// A transaction that stands still for so long is ended by PostgreSQL. Background work has none of these limits, and a few
    /// connections besides the `connections` of requests.
    pub async fn connect_to_serve(url: &str, connections: u32, deadline: Duration) -> Result<Self, DbErr> {
        if url.starts_with("sqlite:") {
            return Self::connect_sqlite(url, deadline.mul_f32(2.0 / 3.0)).await;
        }
        let limits = Some((deadline.mul_f32(0.8), deadline));
        let requests = Sessions { most: connections, acquire: deadline.mul_f32(1.0 / 3.0), limits, is_lazy: true };
        // Its first connection is made now: a server that starts with its database waits for it.
        let jobs = Sessions { most: JOB_CONNECTIONS, acquire: ACQUIRE_TIMEOUT, limits: None, is_lazy: false };
        let jobs = Lane::of(postgres::connect(url, jobs).await?, Some(JOB_PATIENCE));
        let requests = Lane::of(postgres::connect(url, requests).await?, Some(deadline));
        Self::on_postgres(url, requests, jobs).await
    }

    async fn connect_sqlite(url: &str, wait: Duration) -> Result<Self, DbErr> {
        let local = |pool| Connections { pool, patience: None };
        let writes = local(Database::connect(sqlite_options(url, 1, false, wait)).await?);
        let reads = Reads::new(local(Database::connect(sqlite_options(url, SQLITE_READERS, true, wait)).await?));
        let lane = Lane { reads, writes };
        let probe = Arc::new(Probe::new(Source::Sqlite(url.to_owned())));
        Ok(Self { requests: lane.clone(), jobs: lane, probe, freed: Arc::default() })
    }

    async fn on_postgres(url: &str, requests: Lane, jobs: Lane) -> Result<Self, DbErr> {
        let alone = Sessions { most: 1, acquire: readiness::PATIENCE, limits: None, is_lazy: true };
        let pool = postgres::connect(url, alone).await?;
        let probe = Arc::new(Probe::new(Source::Postgres(Connections { pool, patience: None })));
        Ok(Self { requests, jobs, probe, freed: Arc::default() })
    }

    fn lane(&self) -> &Lane {
        if job::is_job() { &self.jobs } else { &self.requests }
    }

    /// Where to read, outside a change.
    pub fn reads(&self) -> &Reads {
        &self.lane().reads
    }

    /// What it is fit for now. Known within two seconds, however busy the other connections are.
    pub async fn readiness(&self) -> Readiness {
        self.probe.ask().await
    }

    /// May other replicas work on it? SQLite has one.
    pub fn has_replicas(&self) -> bool {
        self.backend() == DbBackend::Postgres
    }

    /// Hears what replicas tell each other by `dialect::notify`. For a database that has them.
    pub async fn listen(&self) -> Result<Listener, DbErr> {
        Listener::open(&self.jobs.reads).await
    }

    /// Is it SQLite or PostgreSQL?
    pub fn backend(&self) -> DbBackend {
        self.requests.writes.pool.get_database_backend()
    }

    /// Begins a change.
    pub async fn begin(&self, now: DateTime<Utc>, actor: Actor) -> Result<Tx, DbErr> {
        Ok(Tx::new(Session::begin(&self.lane().writes).await?, now, actor))
    }

    /// Brings the schema up to date. Replicas that start together do it one after the other. Where it is so already nothing is
    /// written: a server starts on a full disk.
    pub async fn migrate(&self) -> Result<(), DbErr> {
        as_job(async {
            if self.pending_migrations().await?.is_empty() {
                return Ok(());
            }
            let pool = &self.jobs.writes.pool;
            if self.backend() == DbBackend::Sqlite {
                return Migrator::up(pool, None).await;
            }
            let lock = self.begin(DateTime::UNIX_EPOCH, Actor::system()).await?;
            dialect::lock_until_commit(&lock, dialect::MIGRATION_LOCK).await?;
            Migrator::up(pool, None).await?;
            // It held a lock, and changed nothing.
            lock.roll_back().await
        })
        .await
    }

    /// Takes back the last migration.
    pub async fn migrate_down(&self) -> Result<(), DbErr> {
        Migrator::down(&self.jobs.writes.pool, Some(1)).await
    }

    /// The names of the migrations that are still to be run. Only reads: an empty database stays empty.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, DbErr> {
        let pending = Migrator::get_pending_migrations_read_only(self.reads()).await?;
        Ok(pending.iter().map(|migration| migration.name().to_owned()).collect())
    }

    /// Makes SQLite take over and empty its write-ahead log, where what was erased may still be read; while somebody reads it
    /// cannot, and `has_freed_pages` says so. Elsewhere nothing is to be done: PostgreSQL's vacuum comes by itself.
    pub async fn forget_freed_pages(&self) -> Result<(), DbErr> {
        if self.backend() == DbBackend::Sqlite {
            self.freed.store(true, Ordering::Relaxed);
            let is_empty = dialect::empty_log(&self.requests.writes.pool).await?;
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
            && let Err(error) = dialect::settle_log(&self.requests.writes.pool).await
        {
            tracing::warn!(%error, "the write-ahead log stays as it is; it is read when the database is opened next");
        }
        self.jobs.writes.pool.close_by_ref().await?;
        self.requests.writes.pool.close_by_ref().await?;
        self.requests.reads.pool().close_by_ref().await
    }
}

/// The names of all migrations that this build knows.
fn migration_names() -> Vec<String> {
    Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect()
}

fn sqlite_options(url: &str, connections: u32, is_read_only: bool, wait: Duration) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .acquire_timeout(wait)
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
                .busy_timeout(wait.min(SQLITE_BUSY_TIMEOUT))
        });
    options
}

impl crate::kit::http::request_context::RequestContext {
    /// Who makes the change, for the audit log.
    pub fn actor(&self) -> Actor {
        Actor { key: self.caller.clone(), request_id: self.request_id.clone() }
    }
}
