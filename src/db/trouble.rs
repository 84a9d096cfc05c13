//! Trouble of the database: what kind of failure an error is, and what a client is told of it. A failure that passes by
//! itself is a 503 with `Retry-After`, a lack of room is a 507; whatever else the database says is a rule it keeps, or a
//! fault of ours.

use std::{io, sync::Arc};

use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, SqlErr};
use sqlx::sqlite::SqliteError;

use crate::kit::problems::{Code, Problem};

/// A kind of failure that is not the fault of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trouble {
    /// The pool had no connection to give in time.
    NoConnection,
    /// The database could not be reached, or did not let us in.
    Unreachable,
    /// The connection broke in the middle of a conversation, or what came over it makes no sense.
    ConnectionLost,
    /// The server ended this connection (57P01, 57P02, an idle or transaction timeout).
    Terminated,
    /// The server starts, stops or recovers (57P03).
    Starting,
    /// The server takes no more connections (53300).
    TooManyConnections,
    /// The server, or SQLite, has no memory or no descriptors left.
    OutOfResources,
    /// The database takes no changes now: a standby after a fail-over (25006), a file system that was mounted read-only.
    ReadOnly,
    /// Two changes waited for each other and this one was ended (40P01, 40001). The same again will do.
    Conflict,
    /// Somebody holds a lock for too long (55P03, SQLITE_BUSY, SQLITE_LOCKED).
    Locked,
    /// The statement took longer than it may (57014).
    TooSlow,
    /// There is no room left (53100, SQLITE_FULL, ENOSPC, EDQUOT).
    StorageFull,
    /// The disk failed (58030, SQLITE_IOERR).
    Disk,
}

impl Trouble {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::NoConnection,
        Self::Unreachable,
        Self::ConnectionLost,
        Self::Terminated,
        Self::Starting,
        Self::TooManyConnections,
        Self::OutOfResources,
        Self::ReadOnly,
        Self::Conflict,
        Self::Locked,
        Self::TooSlow,
        Self::StorageFull,
        Self::Disk,
    ];

    /// What kind of trouble an error is, if it is one.
    pub fn of(error: &DbErr) -> Option<Self> {
        match error {
            DbErr::ConnectionAcquire(ConnAcquireErr::Timeout | ConnAcquireErr::ConnectionClosed) => {
                Some(Self::NoConnection)
            }
            DbErr::Conn(RuntimeErr::SqlxError(cause)) => Some(Self::of_sqlx(cause).unwrap_or(Self::Unreachable)),
            DbErr::Conn(RuntimeErr::Internal(_)) => Some(Self::Unreachable),
            DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => {
                Self::of_sqlx(cause)
            }
            _ => None,
        }
    }

    /// The same of an error of the driver.
    pub fn of_sqlx(error: &sqlx::Error) -> Option<Self> {
        match error {
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => Some(Self::NoConnection),
            sqlx::Error::Io(cause) => Some(Self::of_io(cause)),
            sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed
            | sqlx::Error::InvalidSavePointStatement => Some(Self::ConnectionLost),
            sqlx::Error::Database(cause) => {
                let code = cause.code()?;
                if cause.try_downcast_ref::<SqliteError>().is_some() {
                    Self::of_sqlite(code.parse().ok()?)
                } else {
                    Self::of_sqlstate(&code)
                }
            }
            _ => None,
        }
    }

    fn of_io(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Self::StorageFull
            }
            io::ErrorKind::ConnectionRefused
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::NotFound => Self::Unreachable,
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            _ => Self::ConnectionLost,
        }
    }

    /// PostgreSQL's codes (its manual, appendix A).
    fn of_sqlstate(code: &str) -> Option<Self> {
        Some(match code {
            "57P03" => Self::Starting,
            "57P01" | "57P02" | "57P04" | "57P05" | "25P03" | "25P04" => Self::Terminated,
            "57014" => Self::TooSlow,
            "53300" => Self::TooManyConnections,
            "53100" => Self::StorageFull,
            "25006" => Self::ReadOnly,
            "40001" | "40P01" => Self::Conflict,
            "55P03" => Self::Locked,
            "58030" => Self::Disk,
            _ if code.starts_with("53") => Self::OutOfResources,
            _ if code.starts_with("08") => Self::ConnectionLost,
            _ => return None,
        })
    }

    /// SQLite's extended result codes; the last byte is the primary one. A damaged file (SQLITE_CORRUPT, SQLITE_NOTADB) is
    /// none of them: it does not pass by itself.
    ///
    /// SQLite says SQLITE_FULL of ENOSPC alone. A quota (EDQUOT) or a limit on the size of files (EFBIG) comes as a failed
    /// write, and no room for the index of the write-ahead log as IOERR_SHMSIZE. To the client they are the same: there is
    /// no room to store this. Every other failure of the disk (a read, an fsync) says nothing of room and is `Disk`.
    fn of_sqlite(code: i32) -> Option<Self> {
        const IOERR_WRITE: i32 = 10 | (3 << 8);
        const IOERR_SHMSIZE: i32 = 10 | (19 << 8);
        Some(match code {
            IOERR_WRITE | IOERR_SHMSIZE => Self::StorageFull,
            _ => match code & 0xff {
                4 => Self::Conflict,
                5 | 6 | 15 => Self::Locked,
                7 => Self::OutOfResources,
                8 => Self::ReadOnly,
                9 => Self::TooSlow,
                10 => Self::Disk,
                13 => Self::StorageFull,
                14 => Self::Unreachable,
                _ => return None,
            },
        })
    }

    /// Its name in logs and figures.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoConnection => "no_connection",
            Self::Unreachable => "unreachable",
            Self::ConnectionLost => "connection_lost",
            Self::Terminated => "terminated",
            Self::Starting => "starting",
            Self::TooManyConnections => "too_many_connections",
            Self::OutOfResources => "out_of_resources",
            Self::ReadOnly => "read_only",
            Self::Conflict => "conflict",
            Self::Locked => "locked",
            Self::TooSlow => "too_slow",
            Self::StorageFull => "storage_full",
            Self::Disk => "disk",
        }
    }

    /// What a client is told.
    pub const fn code(self) -> Code {
        match self {
            Self::StorageFull => Code::StorageFull,
            _ => Code::Unavailable,
        }
    }

    /// When to try again, in seconds: at once after a conflict, sparingly while the disk is full.
    pub const fn retry_after_seconds(self) -> u32 {
        match self {
            Self::Conflict => 1,
            Self::NoConnection | Self::Locked | Self::TooManyConnections => 2,
            Self::StorageFull => 60,
            _ => 5,
        }
    }

    /// Is it unknown whether a transaction was committed, when its COMMIT ends like this? The answer may have been lost on
    /// its way; an error that the database itself gave to COMMIT is an answer.
    pub const fn leaves_commit_unknown(self) -> bool {
        matches!(self, Self::ConnectionLost | Self::Terminated | Self::Disk)
    }

    /// One more of it, in the figures.
    pub fn count(self) {
        metrics::counter!("thidua_database_trouble_total", "kind" => self.name()).increment(1);
    }

    fn problem(self, code: Code, error: DbErr) -> Problem {
        self.count();
        Problem { cause: Some(Arc::new(error)), ..Problem::new(code) }.header("retry-after", self.retry_after_seconds())
    }
}

/// What a failed COMMIT means. Where the answer to it was lost, the client is told that the outcome is unknown.
pub fn of_commit(error: DbErr) -> Problem {
    match Trouble::of(&error) {
        Some(trouble) if trouble.leaves_commit_unknown() => trouble.problem(Code::OutcomeUnknown, error),
        _ => error.into(),
    }
}

/// SQLite's trigger that keeps one home at a time says so in words alone; PostgreSQL's says that it is a unique key.
fn is_second_home(error: &DbErr) -> bool {
    error.to_string().contains("a member has one home at a time")
}

/// A rule that the database keeps becomes the problem that it means, trouble is for a while; the rest is unexpected.
impl From<DbErr> for Problem {
    fn from(error: DbErr) -> Self {
        if let Some(trouble) = Trouble::of(&error) {
            return trouble.problem(trouble.code(), error);
        }
        if is_second_home(&error) || matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) {
            return Self::new(Code::AlreadyExists);
        }
        Self::internal(error)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn exec(error: sqlx::Error) -> DbErr {
        DbErr::Exec(RuntimeErr::SqlxError(Arc::new(error)))
    }

    #[test]
    fn each_kind_of_trouble_has_a_name_of_its_own() {
        let names: HashSet<_> = Trouble::ALL.iter().map(|trouble| trouble.name()).collect();
        assert_eq!(names.len(), Trouble::ALL.len());
    }

    #[test]
    fn what_postgresql_says_of_itself_is_trouble() {
        let named = [
            ("57P01", Trouble::Terminated),
            ("57P02", Trouble::Terminated),
            ("57P03", Trouble::Starting),
            ("25P03", Trouble::Terminated),
            ("53300", Trouble::TooManyConnections),
            ("53200", Trouble::OutOfResources),
            ("53100", Trouble::StorageFull),
            ("25006", Trouble::ReadOnly),
            ("40001", Trouble::Conflict),
            ("40P01", Trouble::Conflict),
            ("57014", Trouble::TooSlow),
            ("55P03", Trouble::Locked),
            ("58030", Trouble::Disk),
            ("08006", Trouble::ConnectionLost),
        ];
        for (code, trouble) in named {
            assert_eq!(Trouble::of_sqlstate(code), Some(trouble), "{code}");
        }
        for rule_or_fault in ["23505", "23503", "42601", "22003", "25P02", "XX001"] {
            assert_eq!(Trouble::of_sqlstate(rule_or_fault), None, "{rule_or_fault}");
        }
    }

    #[test]
    fn what_sqlite_says_of_its_file_is_trouble() {
        let named = [
            (5, Trouble::Locked),
            (517, Trouble::Locked),
            (6, Trouble::Locked),
            (8, Trouble::ReadOnly),
            (13, Trouble::StorageFull),
            (778, Trouble::StorageFull),
            (4874, Trouble::StorageFull),
            (1034, Trouble::Disk),
            (266, Trouble::Disk),
            (14, Trouble::Unreachable),
        ];
        for (code, trouble) in named {
            assert_eq!(Trouble::of_sqlite(code), Some(trouble), "{code}");
        }
        for rule_or_fault in [1, 11, 26, 787, 1555, 2067] {
            assert_eq!(Trouble::of_sqlite(rule_or_fault), None, "{rule_or_fault}");
        }
    }

    #[test]
    fn a_broken_connection_is_a_503_that_says_when_to_come_back() {
        let broken = [
            sqlx::Error::Io(io::Error::from(io::ErrorKind::UnexpectedEof)),
            sqlx::Error::Io(io::Error::from(io::ErrorKind::ConnectionReset)),
            sqlx::Error::Protocol("unexpected message".to_owned()),
            sqlx::Error::WorkerCrashed,
            sqlx::Error::PoolTimedOut,
            sqlx::Error::BeginFailed,
        ];
        for error in broken {
            let problem = Problem::from(exec(error));

            assert_eq!(problem.code, Code::Unavailable, "{problem:?}");
            assert!(problem.headers.iter().any(|(name, _)| *name == "retry-after"), "{problem:?}");
        }
    }

    #[test]
    fn a_full_disk_is_a_507() {
        let full = io::Error::from(io::ErrorKind::StorageFull);

        let problem = Problem::from(exec(sqlx::Error::Io(full)));

        assert_eq!((problem.code, problem.code.status()), (Code::StorageFull, 507));
    }

    #[test]
    fn trouble_is_in_the_figures_by_its_kind() {
        crate::kit::work::metrics::install();

        let _told = Problem::from(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout));

        let figures = crate::kit::work::metrics::render();
        assert!(figures.contains("thidua_database_trouble_total{kind=\"no_connection\"}"), "{figures}");
    }

    #[test]
    fn the_outcome_of_a_commit_is_unknown_only_where_its_answer_was_lost() {
        let lost = || exec(sqlx::Error::Io(io::Error::from(io::ErrorKind::ConnectionReset)));

        assert_eq!(of_commit(lost()).code, Code::OutcomeUnknown);
        assert_eq!(Problem::from(lost()).code, Code::Unavailable);
        assert_eq!(of_commit(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)).code, Code::Unavailable);
    }

    #[test]
    fn a_fault_of_ours_stays_an_internal_error() {
        assert_eq!(Problem::from(exec(sqlx::Error::RowNotFound)).code, Code::InternalError);
        assert_eq!(Problem::from(DbErr::Custom("unexpected".to_owned())).code, Code::InternalError);
    }
}
