//! Connections to PostgreSQL: what they are opened with, and how one that is of no more use is noticed.
//!
//! Requests, background work and the probe of readiness have pools of their own. What a session may do is said when it is
//! opened, so that no statement is spent on it later, and nobody waits for a connection that others use up.

use std::time::Duration;

use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr, RuntimeErr};
use sqlx::{
    Connection as _, PgConnection, Postgres,
    pool::PoolOptions,
    postgres::{PgConnectOptions, PgSslMode},
};
use tokio::time::timeout;

/// A connection that was not used for so long is tried before it is used. One that was in use a moment ago is not: it would
/// cost every change a round trip.
const IDLE: Duration = Duration::from_secs(1);
/// A server that takes longer to answer to a ping is not there. Less where a connection is waited for only briefly, so that
/// there is time to open another.
const PING: Duration = Duration::from_secs(2);
/// After what time the server gives up a client that it does not hear: 10 s of silence, three questions 5 s apart. What such
/// a client held locked is free again then.
const SERVER_KEEPALIVE: [(&str, &str); 4] = [
    ("tcp_keepalives_idle", "10"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "25000"),
];

/// What the sessions of a pool may do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sessions {
    /// How many there are at most.
    pub(super) most: u32,
    /// How long one is waited for.
    pub(super) acquire: Duration,
    /// How long a statement may take, and how long a transaction may stand still, in the eyes of the server.
    pub(super) limits: Option<(Duration, Duration)>,
    /// Is nothing opened before it is needed?
    pub(super) is_lazy: bool,
}

/// Opens a pool.
pub(super) async fn connect(url: &str, sessions: Sessions) -> Result<DatabaseConnection, DbErr> {
    refuse_several_hosts(url)?;
    let says_tls = url.contains("sslmode=") || url.contains("ssl-mode=");
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(sessions.most)
        .acquire_timeout(sessions.acquire)
        .connect_lazy(sessions.is_lazy)
        .sqlx_logging(false)
        .map_sqlx_postgres_opts(move |options| session_options(options, says_tls, sessions.limits))
        .map_sqlx_postgres_pool_opts(move |options| watched(options, PING.min(sessions.acquire.mul_f32(1.0 / 3.0))));
    Database::connect(options).await
}

/// To a server on this very machine it speaks without TLS, unless the URL has an `sslmode`: that would keep no secret, and a
/// statement of more than one TLS record (16 KiB) would wait 40 ms for the receiver's delayed acknowledgement.
fn session_options(
    options: PgConnectOptions,
    says_tls: bool,
    limits: Option<(Duration, Duration)>,
) -> PgConnectOptions {
    let mut options = options.options([("synchronous_commit", "on"), ("timezone", "UTC")]).options(SERVER_KEEPALIVE);
    if let Some((statement, idle)) = limits {
        let milliseconds = |limit: Duration| limit.as_millis().to_string();
        options = options.options([
            ("statement_timeout", milliseconds(statement)),
            ("idle_in_transaction_session_timeout", milliseconds(idle)),
        ]);
    }
    if says_tls || !is_this_machine(options.get_host()) { options } else { options.ssl_mode(PgSslMode::Disable) }
}

/// Every connection that is given out is outside a transaction and answers; every one that comes back does so within `ping`.
/// The driver's own test when one comes back waits for as long as TCP does, a quarter of an hour, and holds the place in the
/// pool meanwhile; ours comes before it. In exchange, a connection that was in use a moment ago is not tried again.
fn watched(options: PoolOptions<Postgres>, ping: Duration) -> PoolOptions<Postgres> {
    options
        .test_before_acquire(false)
        .before_acquire(move |connection, meta| {
            Box::pin(async move {
                if meta.idle_for >= IDLE {
                    answers(connection, ping).await?;
                }
                Ok(!connection.is_in_transaction())
            })
        })
        .after_release(move |connection, _| {
            Box::pin(async move {
                answers(connection, ping).await?;
                Ok(!connection.is_in_transaction())
            })
        })
}

async fn answers(connection: &mut PgConnection, within: Duration) -> Result<(), sqlx::Error> {
    timeout(within, connection.ping()).await.map_err(|_elapsed| no_answer())?
}

/// The error of a connection over which nothing came in time.
pub(super) fn no_answer() -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, "the database does not answer"))
}

/// The driver connects to one address, and passes over what it does not know: of several hosts it would try none, and a
/// `target_session_attrs` would not keep it from a standby. Both are refused instead.
fn refuse_several_hosts(url: &str) -> Result<(), DbErr> {
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let authority = base.split_once("://").map_or(base, |(_, rest)| rest);
    let authority = authority.split_once('/').map_or(authority, |(authority, _)| authority);
    let hosts = authority.rsplit_once('@').map_or(authority, |(_, hosts)| hosts);
    let pairs = || url::form_urlencoded::parse(query.as_bytes());
    let names_several = hosts.contains(',')
        || pairs().any(|(name, value)| matches!(&*name, "host" | "hostaddr" | "port") && value.contains(','));
    let picks =
        pairs().any(|(name, value)| (name == "target_session_attrs" && value != "any") || name == "load_balance_hosts");
    if names_several || picks {
        let fault = "the database URL must name one host and no target_session_attrs: give the address that leads to the \
                     primary, such as a haproxy that asks each server for its role (README, \"When PostgreSQL fails over\")";
        return Err(DbErr::Conn(RuntimeErr::Internal(fault.to_owned())));
    }
    Ok(())
}

fn is_this_machine(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_known_by_its_names_and_addresses() {
        assert!(["localhost", "127.0.0.1", "[::1]", "::1"].into_iter().all(is_this_machine));
        assert!(!["postgres", "10.0.0.1", "db.example.vn", "localhost.example.vn"].into_iter().any(is_this_machine));
    }

    #[test]
    fn a_url_of_several_hosts_is_refused_and_of_one_is_not() {
        let refused = [
            "postgres://thidua:secret@db1:5432,db2:5432/thidua",
            "postgres://db1,db2/thidua?target_session_attrs=read-write",
            "postgres:///thidua?host=db1,db2&port=5432,5433",
            "postgres://db1/thidua?target_session_attrs=read-write",
            "postgres://db1/thidua?load_balance_hosts=random",
        ];
        for url in refused {
            let fault = refuse_several_hosts(url).unwrap_err().to_string();
            assert!(fault.contains("one host") && !fault.contains("secret"), "{fault}");
        }
        let taken = [
            "postgres://thidua:a,b@db1:5432/thidua",
            "postgres://thidua@[::1]:5432/thidua?sslmode=require&target_session_attrs=any",
            "postgres:///thidua?host=/var/run/postgresql",
        ];
        assert!(taken.into_iter().all(|url| refuse_several_hosts(url).is_ok()));
    }
}
