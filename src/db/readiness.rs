//! Whether the database is fit to serve requests: asked on a connection of its own, so that the answer waits for no request.

use std::{
    collections::HashSet,
    path::Path,
    time::{Duration, Instant},
};

use migration::{Migrator, MigratorTrait as _};
use sea_orm::{Database, DbBackend, DbErr, QueryResult, Statement};
use tokio::{sync::Mutex, time::timeout};

use super::{
    migration_names,
    postgres::no_answer,
    reads::{Borrowed, Connections},
    session::query_error,
    sqlite_options,
};

/// A database that takes longer to answer is no database to be ready with.
pub(super) const PATIENCE: Duration = Duration::from_millis(1_200);
/// How long an answer is believed: however many ask, the database is asked a few times a second.
const BELIEVED: Duration = Duration::from_millis(250);

/// What the database is fit for.
#[derive(Clone, Debug)]
pub enum Readiness {
    /// It can be read and takes changes, and has the schema of this build.
    Ready,
    /// It lacks a migration that this build knows.
    Outdated,
    /// It takes no changes: a standby, or one that was made read-only.
    ReadOnly,
    /// It cannot be read, or does not answer in time.
    Silent(DbErr),
}

/// Who asks, and what was found last.
#[derive(Debug)]
pub(super) struct Probe {
    source: Source,
    last: Mutex<Option<(Instant, Readiness)>>,
}

#[derive(Debug)]
pub(super) enum Source {
    /// The file is opened anew each time: one that has gone, or cannot be opened any more, is noticed.
    Sqlite(String),
    /// A connection that is kept: when all others are taken, this one still answers.
    Postgres(Connections),
}

impl Probe {
    pub(super) fn new(source: Source) -> Self {
        Self { source, last: Mutex::default() }
    }

    /// What the database is fit for, as it was found at most 1.5 seconds ago, and known within 1.25 seconds.
    pub(super) async fn ask(&self) -> Readiness {
        let mut last = self.last.lock().await;
        if let Some((at, readiness)) = &*last
            && at.elapsed() < BELIEVED
        {
            return readiness.clone();
        }
        let found = match timeout(PATIENCE, self.source.look()).await {
            Ok(found) => found,
            Err(_elapsed) => Err(query_error(no_answer().into())),
        };
        let readiness = found.unwrap_or_else(Readiness::Silent);
        *last = Some((Instant::now(), readiness.clone()));
        readiness
    }
}

impl Source {
    async fn look(&self) -> Result<Readiness, DbErr> {
        match self {
            Self::Sqlite(url) => {
                let connection = Database::connect(sqlite_options(url, 1, true, PATIENCE)).await?;
                let pending = Migrator::get_pending_migrations_read_only(&connection).await;
                let closed = connection.close().await;
                let pending = pending?;
                closed?;
                Ok(match sqlite_file(url) {
                    Some(file) if is_read_only(file) => Readiness::ReadOnly,
                    _ if pending.is_empty() => Readiness::Ready,
                    _ => Readiness::Outdated,
                })
            }
            Self::Postgres(connections) => {
                let mut on = Borrowed::from(connections).await?;
                let question = Statement::from_string(
                    DbBackend::Postgres,
                    "SELECT version, pg_is_in_recovery() OR current_setting('transaction_read_only')::bool AS is_read_only \
                     FROM seaql_migrations",
                );
                let rows = on.wire.query_all(&question).await;
                let rows = on.heard(rows).map_err(query_error)?;
                let readiness = of_rows(&rows)?;
                if !matches!(readiness, Readiness::Ready) {
                    // A new connection may lead to another server.
                    on.give_up();
                }
                Ok(readiness)
            }
        }
    }
}

/// The file of an embedded database, as its URL names it.
fn sqlite_file(url: &str) -> Option<&Path> {
    let file = url.trim_start_matches("sqlite:").trim_start_matches("//");
    file.split('?').next().filter(|file| !file.is_empty()).map(Path::new)
}

/// Is the file on a disk that was mounted, or remounted after an error, to be read only; or may this process not write it?
fn is_read_only(file: &Path) -> bool {
    let is_mounted_so =
        rustix::fs::statvfs(file).is_ok_and(|disk| disk.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY));
    is_mounted_so || rustix::fs::access(file, rustix::fs::Access::WRITE_OK).is_err()
}

fn of_rows(rows: &[QueryResult]) -> Result<Readiness, DbErr> {
    let mut applied = HashSet::with_capacity(rows.len());
    for row in rows {
        if row.try_get("", "is_read_only")? {
            return Ok(Readiness::ReadOnly);
        }
        applied.insert(row.try_get::<String>("", "version")?);
    }
    let is_complete = migration_names().iter().all(|name| applied.contains(name));
    Ok(if is_complete { Readiness::Ready } else { Readiness::Outdated })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_written_is_read_only() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("thidua.db");
        std::fs::write(&file, "").unwrap();

        let url = format!("sqlite://{}?mode=rw", file.display());
        assert_eq!(sqlite_file(&url), Some(file.as_path()));
        assert!(!is_read_only(&file));
        assert!(is_read_only(&folder.path().join("gone.db")));
    }
}
