//! The connection of one change, from BEGIN to its end. It goes back to the pool only when the database has said that the
//! transaction is over. After a BEGIN, COMMIT, ROLLBACK or savepoint that failed or was cut off, nobody knows what the
//! connection is in the middle of: it is closed, and the next change opens another.
//!
//! Every word is sent as plain SQL, and none of the driver's own transactions is used. It counts depths, and its count is
//! wrong once SQLite has rolled back a failed COMMIT by itself: the next BEGIN would be a SAVEPOINT and the next COMMIT the
//! release of it, which succeeds and makes nothing durable.

use std::{
    mem,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sea_orm::{ConnAcquireErr, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement, sea_query::Values};
use sea_query_sqlx::SqlxValues;
use sqlx::{
    AssertSqlSafe, Connection as _, Database, Executor as _, IntoArguments, Pool, Postgres, SqlSafeStr as _, SqlStr,
    Sqlite,
    error::DatabaseError as _,
    pool::{PoolConnection, PoolOptions},
    query::Query,
    sqlite::SqliteError,
};
use tokio::{
    sync::{Mutex, MutexGuard},
    time::timeout,
};

use super::{
    postgres::no_answer,
    reads::Connections,
    trouble::{Trouble, of_commit},
};
use crate::kit::{problems::Problem, work::SentCommit};

/// How many connections a change tries before it gives up: one that turns out to be of no use, and another.
const TRIES: usize = 2;

/// The connection of a change, shared by the change and its savepoints.
#[derive(Debug)]
pub(super) struct Session {
    backend: DbBackend,
    line: Mutex<Line>,
    /// A savepoint was dropped and nobody said what is to become of it: nothing of the whole change is kept.
    is_abandoned: AtomicBool,
}

#[derive(Debug)]
struct Line {
    wire: Wire,
    standing: Standing,
    /// How many savepoints are open.
    depth: usize,
    /// Something was sent and its answer has not been heard. Stays so when the future that waits for it is dropped.
    is_waiting: bool,
}

#[derive(Debug)]
pub(super) enum Wire {
    Sqlite(PoolConnection<Sqlite>),
    /// And how long it may be silent.
    Postgres(PoolConnection<Postgres>, Option<Duration>),
    /// It was let go.
    Cut,
}

/// Where a transaction stands.
#[derive(Debug)]
enum Standing {
    /// It is open.
    Open,
    /// It is open, but a statement has failed: PostgreSQL takes no other one before a rollback, and would answer a COMMIT by
    /// rolling back, without an error.
    Failed(Arc<sqlx::Error>),
    /// The database has said that it is over.
    Over,
    /// Nobody knows; because of an error, or because something was cut off.
    Unknown(Option<Arc<sqlx::Error>>),
}

impl Session {
    /// Begins a transaction on a connection that is in none. A connection that turns out to be in the middle of something, or
    /// to be broken, is closed, and another is opened.
    pub(super) async fn begin(connections: &Connections) -> Result<Self, DbErr> {
        let backend = connections.pool.get_database_backend();
        let mut tries = 1;
        loop {
            let wire = Wire::open(connections).await?;
            let mut line = Line { wire, standing: Standing::Over, depth: 0, is_waiting: false };
            // On SQLite it takes the writer's place at once: a transaction that turns from reading to writing would fail under
            // load. And it fails inside a transaction, so that a change never becomes a part of another one.
            let begin = if backend == DbBackend::Sqlite { "BEGIN IMMEDIATE" } else { "BEGIN" };
            let Err(error) = line.say(begin.into_sql_str(), Standing::Open).await else {
                return Ok(Self { backend, line: Mutex::new(line), is_abandoned: AtomicBool::new(false) });
            };
            if tries == TRIES || !may_be_the_connection(&error) {
                return Err(query_error(error));
            }
            tracing::warn!(%error, "a connection on which no change can begin is closed, and another is opened");
            tries = tries.saturating_add(1);
        }
    }

    pub(super) const fn backend(&self) -> DbBackend {
        self.backend
    }

    /// Makes the change durable: done when the database has said so to COMMIT. After a failure nothing is kept, or the
    /// outcome is unknown and the problem says so.
    pub(super) async fn commit(&self) -> Result<(), Problem> {
        let mut line = self.usable().await?;
        if line.depth > 0 {
            return Err(out_of_order().into());
        }
        let sent = SentCommit::note();
        match line.say("COMMIT".into_sql_str(), Standing::Over).await {
            Ok(()) => {
                sent.is_done();
                Ok(())
            }
            Err(error) => {
                if !Trouble::of_sqlx(&error).is_some_and(Trouble::leaves_commit_unknown) {
                    sent.is_undone();
                }
                Err(of_commit(query_error(error)))
            }
        }
    }

    /// Undoes the change.
    pub(super) async fn roll_back(&self) -> Result<(), DbErr> {
        let mut line = self.known().await?;
        line.say("ROLLBACK".into_sql_str(), Standing::Over).await.map_err(query_error)
    }

    /// Begins a savepoint; gives its place among those that are open, from 1.
    pub(super) async fn savepoint(&self) -> Result<usize, DbErr> {
        let mut line = self.usable().await?;
        let depth = line.depth.saturating_add(1);
        line.say(words(format!("SAVEPOINT part_{depth}")), Standing::Open).await.map_err(query_error)?;
        line.depth = depth;
        Ok(depth)
    }

    /// Keeps what was done since the savepoint.
    pub(super) async fn release(&self, depth: usize) -> Result<(), DbErr> {
        let line = self.usable().await?;
        end_savepoint(line, depth, format!("RELEASE SAVEPOINT part_{depth}")).await
    }

    /// Undoes what was done since the savepoint.
    pub(super) async fn roll_back_to(&self, depth: usize) -> Result<(), DbErr> {
        let line = self.known().await?;
        let undo = format!("ROLLBACK TO SAVEPOINT part_{depth}; RELEASE SAVEPOINT part_{depth}");
        end_savepoint(line, depth, undo).await
    }

    /// A savepoint was dropped without a word.
    pub(super) fn abandon(&self) {
        self.is_abandoned.store(true, Ordering::Release);
    }

    pub(super) async fn execute(&self, statement: &Statement) -> Result<ExecResult, DbErr> {
        let mut line = self.usable().await?;
        let done = line.asking().execute(statement).await;
        line.heard(done).map_err(exec_error)
    }

    pub(super) async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let mut line = self.usable().await?;
        let done = line.asking().execute_unprepared(words(sql.to_owned())).await;
        line.heard(done).map_err(exec_error)
    }

    pub(super) async fn query_one(&self, statement: &Statement) -> Result<Option<QueryResult>, DbErr> {
        let mut line = self.usable().await?;
        let row = match line.asking().query_one(statement).await {
            Err(sqlx::Error::RowNotFound) => Ok(None),
            row => row.map(Some),
        };
        line.heard(row).map_err(query_error)
    }

    pub(super) async fn query_all(&self, statement: &Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut line = self.usable().await?;
        let rows = line.asking().query_all(statement).await;
        line.heard(rows).map_err(query_error)
    }

    /// The line, where the transaction is open and nothing in it has failed.
    async fn usable(&self) -> Result<MutexGuard<'_, Line>, DbErr> {
        let line = self.known().await?;
        match &line.standing {
            Standing::Failed(error) => Err(query_error(Arc::clone(error))),
            _ => Ok(line),
        }
    }

    /// The line, where the transaction is open: it can be undone.
    async fn known(&self) -> Result<MutexGuard<'_, Line>, DbErr> {
        let mut line = self.line.lock().await;
        if line.is_waiting || self.is_abandoned.load(Ordering::Acquire) {
            line.standing = Standing::Unknown(None);
        }
        match &line.standing {
            Standing::Open | Standing::Failed(_) => Ok(line),
            Standing::Unknown(Some(error)) => Err(query_error(Arc::clone(error))),
            Standing::Unknown(None) | Standing::Over => Err(out_of_order()),
        }
    }
}

async fn end_savepoint(mut line: MutexGuard<'_, Line>, depth: usize, how: String) -> Result<(), DbErr> {
    if line.depth != depth {
        return Err(out_of_order());
    }
    line.say(words(how), Standing::Open).await.map_err(query_error)?;
    line.depth = depth.saturating_sub(1);
    Ok(())
}

impl Line {
    /// Sends a word that begins or ends something. When it fails, nobody knows where the transaction stands.
    async fn say(&mut self, word: SqlStr, next: Standing) -> Result<(), Arc<sqlx::Error>> {
        self.is_waiting = true;
        let said = self.wire.execute_unprepared(word).await;
        self.is_waiting = false;
        match said {
            Ok(_done) => {
                self.standing = next;
                Ok(())
            }
            Err(error) => {
                let error = Arc::new(error);
                self.standing = Standing::Unknown(Some(Arc::clone(&error)));
                Err(error)
            }
        }
    }

    /// The wire, for one statement whose answer is then given to `heard`.
    const fn asking(&mut self) -> &mut Wire {
        self.is_waiting = true;
        &mut self.wire
    }

    /// Takes note of what the answer to a statement means for the transaction.
    fn heard<T>(&mut self, answer: Result<T, sqlx::Error>) -> Result<T, Arc<sqlx::Error>> {
        self.is_waiting = false;
        answer.map_err(|error| {
            let error = Arc::new(error);
            match self.wire {
                _ if self.wire.is_lost_by(&error) => self.standing = Standing::Unknown(Some(Arc::clone(&error))),
                Wire::Postgres(..) => self.standing = Standing::Failed(Arc::clone(&error)),
                // SQLite undoes the statement, and the transaction goes on.
                _ => {}
            }
            error
        })
    }
}

/// Lets the connection go: back to the pool when the transaction is over for certain, else it is closed.
impl Drop for Line {
    fn drop(&mut self) {
        let mut wire = mem::replace(&mut self.wire, Wire::Cut);
        match self.standing {
            _ if self.is_waiting => wire.close(),
            Standing::Unknown(_) => wire.close(),
            Standing::Over => {}
            Standing::Open | Standing::Failed(_) => undo(wire),
        }
    }
}

/// Rolls back a change that was dropped. Nobody gets its connection before.
fn undo(mut wire: Wire) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        return wire.close();
    };
    runtime.spawn(async move {
        let mut line = Line { wire, standing: Standing::Unknown(None), depth: 0, is_waiting: false };
        if let Err(error) = line.say("ROLLBACK".into_sql_str(), Standing::Over).await {
            tracing::warn!(%error, "a change cannot be rolled back; its connection is closed");
        }
    });
}

impl Wire {
    /// One from a pool.
    pub(super) async fn open(connections: &Connections) -> Result<Self, DbErr> {
        let Connections { pool, patience } = connections;
        Ok(match pool.get_database_backend() {
            DbBackend::Postgres => Self::Postgres(acquire(pool.get_postgres_connection_pool()).await?, *patience),
            _ => Self::Sqlite(acquire(pool.get_sqlite_connection_pool()).await?),
        })
    }

    pub(super) async fn execute(&mut self, statement: &Statement) -> Result<ExecResult, sqlx::Error> {
        match self {
            Self::Sqlite(connection) => query(statement).execute(&mut **connection).await.map(Into::into),
            Self::Postgres(connection, patience) => {
                within(*patience, query(statement).execute(&mut **connection)).await.map(Into::into)
            }
            Self::Cut => Err(sqlx::Error::PoolClosed),
        }
    }

    pub(super) async fn execute_unprepared(&mut self, sql: SqlStr) -> Result<ExecResult, sqlx::Error> {
        match self {
            Self::Sqlite(connection) => connection.execute(sql).await.map(Into::into),
            Self::Postgres(connection, patience) => within(*patience, connection.execute(sql)).await.map(Into::into),
            Self::Cut => Err(sqlx::Error::PoolClosed),
        }
    }

    pub(super) async fn query_one(&mut self, statement: &Statement) -> Result<QueryResult, sqlx::Error> {
        match self {
            Self::Sqlite(connection) => query(statement).fetch_one(&mut **connection).await.map(Into::into),
            Self::Postgres(connection, patience) => {
                within(*patience, query(statement).fetch_one(&mut **connection)).await.map(Into::into)
            }
            Self::Cut => Err(sqlx::Error::PoolClosed),
        }
    }

    pub(super) async fn query_all(&mut self, statement: &Statement) -> Result<Vec<QueryResult>, sqlx::Error> {
        match self {
            Self::Sqlite(connection) => {
                let rows = query(statement).fetch_all(&mut **connection).await?;
                Ok(rows.into_iter().map(Into::into).collect())
            }
            Self::Postgres(connection, patience) => {
                let rows = within(*patience, query(statement).fetch_all(&mut **connection)).await?;
                Ok(rows.into_iter().map(Into::into).collect())
            }
            Self::Cut => Err(sqlx::Error::PoolClosed),
        }
    }

    /// May the transaction have ended, or the connection be of no more use, because of this error of a statement?
    pub(super) fn is_lost_by(&self, error: &sqlx::Error) -> bool {
        match (self, error) {
            (Self::Sqlite(_), sqlx::Error::Database(cause)) => {
                // SQLite rolls back by itself after some errors (https://www.sqlite.org/lang_transaction.html, 3.0), and what
                // comes then would be committed statement by statement. Only after these primary codes, which blame the
                // statement, it never does: ERROR, TOOBIG, CONSTRAINT, MISMATCH, RANGE.
                let code = cause.try_downcast_ref::<SqliteError>().and_then(|error| error.code()?.parse::<i32>().ok());
                !code.is_some_and(|code| matches!(code & 0xff, 1 | 18 | 19 | 20 | 25))
            }
            (Self::Postgres(..), sqlx::Error::Database(_)) => matches!(
                Trouble::of_sqlx(error),
                Some(Trouble::ConnectionLost | Trouble::Terminated | Trouble::Starting | Trouble::ReadOnly)
            ),
            (_, error) => Trouble::of_sqlx(error).is_some(),
        }
    }

    /// Closes it when it is dropped, instead of giving it back to the pool.
    pub(super) fn close(&mut self) {
        metrics::counter!("thidua_database_connections_discarded_total").increment(1);
        match self {
            Self::Sqlite(connection) => connection.close_on_drop(),
            Self::Postgres(connection, _) => connection.close_on_drop(),
            Self::Cut => {}
        }
    }
}

fn query<DB: Database>(statement: &Statement) -> Query<'_, DB, SqlxValues>
where
    SqlxValues: IntoArguments<DB>,
{
    let values = statement.values.clone().unwrap_or_else(|| Values(Vec::new()));
    sqlx::query_with(AssertSqlSafe(statement.sql.as_str()), SqlxValues(values))
}

pub(super) fn words(sql: String) -> SqlStr {
    AssertSqlSafe(sql).into_sql_str()
}

/// Waits for an answer no longer than this. What comes late finds nobody: the connection is closed.
async fn within<T>(
    patience: Option<Duration>,
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    match patience {
        None => answer.await,
        Some(patience) => timeout(patience, answer).await.unwrap_or_else(|_elapsed| Err(no_answer())),
    }
}

async fn acquire<DB: Database>(pool: &Pool<DB>) -> Result<PoolConnection<DB>, DbErr> {
    pool.acquire().await.map_err(|error| match error {
        sqlx::Error::PoolTimedOut => DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
        sqlx::Error::PoolClosed => DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed),
        error => DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error))),
    })
}

/// Nothing has been done yet: is it worth while to try on another connection? Not when the database itself is in trouble.
fn may_be_the_connection(error: &sqlx::Error) -> bool {
    matches!(
        Trouble::of_sqlx(error),
        None | Some(Trouble::ConnectionLost | Trouble::Terminated | Trouble::ReadOnly | Trouble::Disk)
    )
}

pub(super) fn query_error(error: Arc<sqlx::Error>) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error))
}

pub(super) fn exec_error(error: Arc<sqlx::Error>) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(error))
}

/// Something of a change was cut off, or was not ended in the order in which it was begun.
fn out_of_order() -> DbErr {
    DbErr::Custom("a part of this change was cut off, and nothing of it is kept".to_owned())
}

/// Keeps connections on which the driver itself counts a transaction out of a pool: those of migrations that failed.
pub(super) fn outside_transactions<DB: Database>(options: PoolOptions<DB>) -> PoolOptions<DB> {
    options
        .before_acquire(|connection, _| Box::pin(std::future::ready(Ok(!connection.is_in_transaction()))))
        .after_release(|connection, _| {
            Box::pin(async move {
                if connection.is_in_transaction() {
                    // A rollback may be under way; it comes before the answer to this.
                    connection.ping().await?;
                }
                Ok(!connection.is_in_transaction())
            })
        })
}

#[cfg(test)]
mod tests {
    use sea_orm::ConnectionTrait as _;

    use super::*;
    use crate::db::{Actor, Db};

    async fn database() -> (tempfile::TempDir, Db) {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("a.db").display());
        let db = Db::connect(&url, 1).await.unwrap();
        db.requests.writes.pool.execute_unprepared("CREATE TABLE note (id integer PRIMARY KEY)").await.unwrap();
        (folder, db)
    }

    async fn change(db: &Db) {
        let tx = db.begin(chrono::Utc::now(), Actor::system()).await.unwrap();
        tx.execute_unprepared("INSERT INTO note DEFAULT VALUES").await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn visible(db: &Db) -> usize {
        let question = Statement::from_string(DbBackend::Sqlite, "SELECT id FROM note");
        db.reads().query_all_raw(question).await.unwrap().len()
    }

    #[actix_web::test]
    async fn a_change_does_not_begin_on_a_connection_that_is_inside_a_transaction() {
        let (_folder, db) = database().await;

        // The driver knows nothing of it.
        db.requests.writes.pool.execute_unprepared("BEGIN; INSERT INTO note VALUES (100)").await.unwrap();
        change(&db).await;

        assert_eq!(visible(&db).await, 1, "only what was committed is there");
    }

    #[actix_web::test]
    async fn a_connection_on_which_the_driver_counts_a_transaction_is_not_used_again() {
        use sea_orm::TransactionTrait as _;
        let (_folder, db) = database().await;

        for _ in 0..3 {
            // As after a COMMIT that failed: SQLite has ended the transaction, and the driver counts it as open.
            let transaction = db.requests.writes.pool.begin().await.unwrap();
            transaction.execute_unprepared("ROLLBACK").await.unwrap();
            transaction.commit().await.unwrap_err();
        }
        change(&db).await;

        assert_eq!(visible(&db).await, 1);
    }
}
