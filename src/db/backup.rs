//! A copy of an embedded database, taken while it is in use, and put back. PostgreSQL has tools of its own for both.

use std::path::Path;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DbBackend, DbErr, Statement};
use uuid::Uuid;

use super::Db;

/// A file that is no good copy of a database of ours.
#[derive(Debug, thiserror::Error)]
pub enum BadCopy {
    /// It cannot be read.
    #[error("the file cannot be read as a database: {0}")]
    Unreadable(#[from] DbErr),
    /// SQLite finds that it is damaged.
    #[error("the file is damaged: {0}")]
    Damaged(String),
    /// It has references to rows that are not there.
    #[error("the file has {0} references to rows that are not there")]
    Dangling(usize),
    /// It is a database of something else.
    #[error("the file is a database of another application")]
    Foreign,
    /// A newer build has written it.
    #[error("the file was written by a newer build; it has {0}, which this one does not know")]
    Newer(String),
}

impl Db {
    /// Writes a copy as of one moment to `file`, which must not exist; changes go on meanwhile.
    pub async fn copy_to(&self, file: &Path) -> Result<(), DbErr> {
        let values = [file.to_string_lossy().into_owned().into()];
        let statement = Statement::from_sql_and_values(DbBackend::Sqlite, "VACUUM INTO ?", values);
        self.requests.writes.pool.execute_raw(statement).await.map(|_done| ())
    }
}

/// Reads all of a copy, and finds out whether it is one.
pub async fn check_copy(file: &Path) -> Result<(), BadCopy> {
    let mut options = ConnectOptions::new(format!("sqlite://{}", file.display()));
    // It lies still: no journal is looked for or made beside it.
    options
        .max_connections(1)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(|options| options.read_only(true).immutable(true));
    let copy = Database::connect(options).await?;
    let checked = check(&copy).await;
    copy.close().await?;
    checked
}

/// The members whom this database knows to be erased, and when; none where it keeps no such list.
pub async fn erased_members(db: &Db) -> Result<Vec<(Uuid, DateTime<Utc>)>, DbErr> {
    let ask = async |question: &'static str| {
        db.reads().query_all_raw(Statement::from_string(DbBackend::Sqlite, question)).await
    };
    if ask("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'erasure'").await?.is_empty() {
        return Ok(Vec::new());
    }
    let rows = ask("SELECT member_id, erased_at FROM erasure WHERE erased_at IS NOT NULL").await?;
    rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect()
}

/// Ends every session of a copy, and deletes the refresh tokens and authorization codes in it: those that were given up since
/// it was taken would be good again.
pub async fn end_sessions(file: &Path, now: DateTime<Utc>) -> Result<(), DbErr> {
    let mut options = ConnectOptions::new(format!("sqlite://{}", file.display()));
    // One file, nothing beside it: it is about to be renamed.
    options.max_connections(1).sqlx_logging(false).map_sqlx_sqlite_opts(|options| {
        options
            .journal_mode(sqlx::sqlite::SqliteJournalMode::Delete)
            .synchronous(sqlx::sqlite::SqliteSynchronous::Full)
            .pragma("secure_delete", "ON")
    });
    let copy = Database::connect(options).await?;
    let ended = end_sessions_in(&copy, now).await;
    copy.close().await?;
    ended
}

async fn end_sessions_in(copy: &DatabaseConnection, now: DateTime<Utc>) -> Result<(), DbErr> {
    let changes = [
        ("session", "UPDATE session SET revoked_at = ? WHERE revoked_at IS NULL", vec![now.into()]),
        ("refresh_token", "DELETE FROM refresh_token", Vec::new()),
        ("authorization_code", "DELETE FROM authorization_code", Vec::new()),
    ];
    for (table, change, values) in changes {
        // A backup of an older build may lack it.
        let question = "SELECT name FROM sqlite_master WHERE type = 'table' AND name = ?";
        let is_there = Statement::from_sql_and_values(DbBackend::Sqlite, question, [table.into()]);
        if copy.query_one_raw(is_there).await?.is_some() {
            copy.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, change, values)).await?;
        }
    }
    Ok(())
}

async fn check(copy: &DatabaseConnection) -> Result<(), BadCopy> {
    let ask =
        async |question: &'static str| copy.query_all_raw(Statement::from_string(DbBackend::Sqlite, question)).await;
    let verdict: Option<String> =
        ask("PRAGMA integrity_check(1)").await?.first().map(|row| row.try_get_by_index(0)).transpose()?;
    match verdict.as_deref() {
        Some("ok") => {}
        verdict => return Err(BadCopy::Damaged(verdict.unwrap_or("no answer").to_owned())),
    }
    let dangling = ask("PRAGMA foreign_key_check").await?.len();
    if dangling > 0 {
        return Err(BadCopy::Dangling(dangling));
    }
    let tables =
        ask("SELECT name FROM sqlite_master WHERE name IN ('seaql_migrations', 'audit_row', 'member')").await?;
    if tables.len() < 3 {
        return Err(BadCopy::Foreign);
    }
    let known = super::migration_names();
    for row in ask("SELECT version FROM seaql_migrations").await? {
        let version: String = row.try_get_by_index(0)?;
        if !known.contains(&version) {
            return Err(BadCopy::Newer(version));
        }
    }
    Ok(())
}
