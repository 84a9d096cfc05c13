//! Whatever differs between SQLite and PostgreSQL, by name.

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, ExprTrait as _, Statement,
    sea_query::{BinOper, Expr, IntoTableRef, LikeExpr, LockBehavior, LockType, SelectStatement, SimpleExpr, Value},
};

/// Held while the schema is brought up to date.
pub const MIGRATION_LOCK: i64 = 7_438_001;
/// Held by the one replica that numbers events.
pub const SEQUENCER_LOCK: i64 = 7_438_002;
/// Held by whoever deletes a batch of what has had its time.
pub const HOUSEKEEPING_LOCK: i64 = 7_438_004;
/// Held while the tree of units changes.
pub const UNIT_TREE_LOCK: i64 = 7_438_020;
/// Held while somebody may stop being an admin.
pub const ADMINS_LOCK: i64 = 7_438_021;
/// Held while signing keys are made or dated.
pub const KEYS_LOCK: i64 = 7_438_003;

/// The name under which `describe` gives the database's own time.
pub const DATABASE_TIME: &str = "time";
/// The name under which `describe` gives how many connections PostgreSQL takes in all.
pub const MAX_CONNECTIONS: &str = "max_connections";

const BIGINT: &str = "bigint";
/// Where replicas tell each other what has changed.
pub(super) const CHANNEL: &str = "thidua";

/// Waits for a lock that ends with the transaction. On SQLite every writer has it already: there is only one.
pub async fn lock_until_commit(db: &impl ConnectionTrait, lock: i64) -> Result<(), DbErr> {
    if db.get_database_backend() == DbBackend::Postgres {
        let statement =
            Statement::from_sql_and_values(DbBackend::Postgres, "SELECT pg_advisory_xact_lock($1)", [lock.into()]);
        db.query_one_raw(statement).await?;
    }
    Ok(())
}

/// Lets nobody else write to a table until this transaction ends; reading goes on. On SQLite it is so anyway.
pub async fn hold_against_writers(db: &impl ConnectionTrait, table: &str) -> Result<(), DbErr> {
    if db.get_database_backend() == DbBackend::Postgres {
        db.execute_unprepared(&format!("LOCK TABLE {table} IN EXCLUSIVE MODE")).await?;
    }
    Ok(())
}

/// Says early that this transaction writes to a table, before it holds what `hold_against_writers` would have others wait for.
pub async fn announce_writing(db: &impl ConnectionTrait, table: &str) -> Result<(), DbErr> {
    if db.get_database_backend() == DbBackend::Postgres {
        db.execute_unprepared(&format!("LOCK TABLE {table} IN ROW EXCLUSIVE MODE")).await?;
    }
    Ok(())
}

/// Waits until nobody else works on the thing of this name (a hash, say); the others wait until the transaction ends. For
/// what cannot be locked as a row because it may not be there yet. On SQLite every writer has it already.
pub async fn lock_name_until_commit(db: &impl ConnectionTrait, name: &str) -> Result<(), DbErr> {
    if db.get_database_backend() == DbBackend::Postgres {
        let question = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
        db.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, question, [name.into()])).await?;
    }
    Ok(())
}

/// Takes a lock that ends with the transaction, unless somebody has it.
pub async fn try_lock_until_commit(db: &impl ConnectionTrait, lock: i64) -> Result<bool, DbErr> {
    if db.get_database_backend() != DbBackend::Postgres {
        return Ok(true);
    }
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT pg_try_advisory_xact_lock($1) AS taken",
        [lock.into()],
    );
    let row = db.query_one_raw(statement).await?;
    row.map_or(Ok(false), |row| row.try_get("", "taken"))
}

/// Tells the other replicas, when the transaction commits. On SQLite there are none.
pub async fn notify(db: &impl ConnectionTrait, message: &str) -> Result<(), DbErr> {
    if db.get_database_backend() == DbBackend::Postgres {
        let values: [Value; 2] = [CHANNEL.into(), message.into()];
        db.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, "SELECT pg_notify($1, $2)", values))
            .await?;
    }
    Ok(())
}

/// What the database says of itself, by name: its version, how durable a commit is, and (PostgreSQL) what time it is, in
/// seconds since 1970. For `thidua doctor`.
pub async fn describe(db: &impl ConnectionTrait) -> Result<Vec<(&'static str, String)>, DbErr> {
    let backend = db.get_database_backend();
    let questions: &[(&str, &str)] = match backend {
        DbBackend::Postgres => &[
            ("PostgreSQL", "SHOW server_version"),
            ("synchronous_commit", "SHOW synchronous_commit"),
            (MAX_CONNECTIONS, "SHOW max_connections"),
            (DATABASE_TIME, "SELECT CAST(CAST(extract(epoch FROM now()) AS bigint) AS text)"),
        ],
        _ => &[
            ("SQLite", "SELECT sqlite_version()"),
            ("journal_mode", "PRAGMA journal_mode"),
            ("synchronous", "SELECT CAST(synchronous AS text) FROM pragma_synchronous"),
            ("foreign_keys", "SELECT CAST(foreign_keys AS text) FROM pragma_foreign_keys"),
        ],
    };
    let mut answers = Vec::with_capacity(questions.len());
    for (name, question) in questions {
        if let Some(row) = db.query_one_raw(Statement::from_string(backend, *question)).await? {
            answers.push((*name, row.try_get_by_index(0)?));
        }
    }
    Ok(answers)
}

/// Has this column of folded text these folded words in it? No letter of them is a pattern.
pub fn contains_words(column: impl ColumnTrait, folded: &str) -> SimpleExpr {
    let words = folded.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    column.like(LikeExpr::new(format!("%{words}%")).escape('\\'))
}

/// Lets a subquery pass over rows that somebody else is working on. On SQLite nobody else is.
pub fn skip_locked(rows: &mut SelectStatement) {
    rows.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
}

/// Lets nobody delete or erase the rows of `table` that a query gives, until the transaction ends, and waits for whoever is at it
/// already; what no longer fits the query then is passed over. A foreign key holds them as well, but only once the query has
/// answered. On SQLite nobody else is writing.
pub fn hold_keys(rows: &mut SelectStatement, table: impl IntoTableRef) {
    rows.lock_with_tables(LockType::KeyShare, [table]);
}

/// Lets PostgreSQL look at what is in these tables by now, so that it finds the quick way through them: by itself it does so
/// some minutes after many rows have come. SQLite would keep samples of what is indexed, names among them, where no erasure
/// finds them, and goes by its indices alone.
pub async fn analyze(db: &impl ConnectionTrait, tables: &[&str]) -> Result<(), DbErr> {
    if db.get_database_backend() == DbBackend::Postgres {
        db.execute_unprepared(&format!("ANALYZE {}", tables.join(", "))).await?;
    }
    Ok(())
}

/// A new id for each row that a query gives: a UUIDv7 (RFC 9562, 5.7) of this moment, as `kit::values::ids` makes them.
pub fn new_id(db: &impl ConnectionTrait, now: DateTime<Utc>) -> SimpleExpr {
    let milliseconds = format!("{:012x}", now.timestamp_millis());
    let (high, low) = milliseconds.split_at_checked(8).unwrap_or((&milliseconds, ""));
    Expr::cust(if db.get_database_backend() == DbBackend::Postgres {
        format!("('{high}-{low}-7' || substr(gen_random_uuid()::text, 16))::uuid")
    } else {
        let variant = "substr('89ab', 1 + (random() & 3), 1)";
        format!("unhex('{high}{low}7' || substr(hex(randomblob(2)), 2) || {variant} || substr(hex(randomblob(8)), 2))")
    })
}

/// The sum of an integer column as a 64-bit integer (PostgreSQL would make a `numeric` of it), zero of nothing.
pub fn sum(column: SimpleExpr) -> SimpleExpr {
    SimpleExpr::from(sea_orm::sea_query::Func::coalesce([column.sum().cast_as(BIGINT), Expr::val(0_i64)]))
        .cast_as(BIGINT)
}

/// A number as a 64-bit integer. SQLite keeps one past 64 bits as a floating-point number, which becomes the largest integer.
pub fn as_integer(number: SimpleExpr) -> SimpleExpr {
    number.cast_as(BIGINT)
}

/// Are these two not the same, where none is the same as none? Both databases have words for it that `<>` has not.
pub fn differs(one: SimpleExpr, other: SimpleExpr) -> SimpleExpr {
    one.binary(BinOper::Custom("IS DISTINCT FROM"), other)
}

/// A column as text, whatever it holds: bytes in hexadecimal, an id likewise where it is kept as bytes.
pub fn as_text(db: &impl ConnectionTrait, column: &str, is_bytes: bool, is_id: bool) -> SimpleExpr {
    Expr::cust(match db.get_database_backend() {
        DbBackend::Postgres if is_bytes => format!("encode(\"{column}\", 'hex')"),
        DbBackend::Postgres => format!("\"{column}\"::text"),
        _ if is_bytes || is_id => format!("lower(hex(\"{column}\"))"),
        _ => format!("CAST(\"{column}\" AS text)"),
    })
}

/// That this text stands somewhere in a column of bytes.
pub fn bytes_contain(db: &impl ConnectionTrait, column: &str, text: &str) -> SimpleExpr {
    if db.get_database_backend() == DbBackend::Postgres {
        Expr::cust_with_values(format!("position(convert_to($1, 'UTF8') in \"{column}\") > 0"), [text])
    } else {
        Expr::cust_with_values(format!("instr(\"{column}\", CAST(? AS blob)) > 0"), [text])
    }
}

/// Takes over SQLite's write-ahead log and empties it, if nobody else uses it: it waits for nobody. For the last use of a
/// connection, which does not wait afterwards either.
pub async fn settle_log(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    db.query_one_raw(Statement::from_string(db.get_database_backend(), "PRAGMA busy_timeout = 0")).await?;
    empty_log(db).await.map(|_is_empty| ())
}

/// Takes over SQLite's write-ahead log and empties it. False when somebody was reading from it.
pub async fn empty_log(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    let checkpoint = Statement::from_string(db.get_database_backend(), "PRAGMA wal_checkpoint(TRUNCATE)");
    let row = db.query_one_raw(checkpoint).await?;
    row.map_or(Ok(true), |row| row.try_get_by_index::<i64>(0).map(|is_busy| is_busy == 0))
}
