//! What the replicas tell each other through PostgreSQL (`LISTEN`, `NOTIFY`), on a connection that does nothing else.

use std::{io, sync::Arc, time::Duration};

use sea_orm::{DbErr, RuntimeErr};
use sqlx::postgres::{PgListener, PgPoolOptions};
use tokio::time::timeout;

use super::{dialect::CHANNEL, postgres::no_answer, reads::Reads};

/// After so long without a message it is asked whether anybody is there: a network that swallows everything says nothing.
const SILENCE: Duration = Duration::from_secs(5);
/// How long that question, or a new connection, may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// A connection that hears messages.
#[derive(Debug)]
pub struct Listener(PgListener);

impl Listener {
    /// Opens one, in a pool of its own: whatever becomes of it, it takes no place from others.
    pub(super) async fn open(reads: &Reads) -> Result<Self, DbErr> {
        let options = reads.pool().get_postgres_connection_pool().connect_options();
        let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(PATIENCE);
        let pool = pool.connect_lazy_with(options.as_ref().clone());
        let mut listener = PgListener::connect_with(&pool).await.map_err(lost)?;
        // A message may have been lost with the connection. Whoever listens is told so, and begins anew.
        listener.eager_reconnect(false);
        in_time(listener.listen(CHANNEL)).await?;
        Ok(Self(listener))
    }

    /// The next message; none after a silence in which the database still answers. An error when the connection is lost, at the
    /// latest some seconds after that.
    pub async fn next(&mut self) -> Result<Option<String>, DbErr> {
        let Ok(heard) = timeout(SILENCE, self.0.try_recv()).await else {
            in_time(sqlx::query("SELECT 1").execute(&mut self.0)).await?;
            return Ok(None);
        };
        let message = heard.map_err(lost)?;
        let message = message.ok_or_else(|| lost(sqlx::Error::Io(io::ErrorKind::ConnectionAborted.into())))?;
        Ok(Some(message.payload().to_owned()))
    }
}

async fn in_time<T>(answer: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, DbErr> {
    timeout(PATIENCE, answer).await.unwrap_or_else(|_elapsed| Err(no_answer())).map_err(lost)
}

fn lost(error: sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)))
}
