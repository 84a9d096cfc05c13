//! What the replicas tell each other through PostgreSQL (`LISTEN`, `NOTIFY`), on a connection that does nothing else.

use std::{io, time::Duration};

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
    pub(super) async fn open(reads: &Reads) -> Result<Self, sqlx::Error> {
        let options = reads.pool().get_postgres_connection_pool().connect_options();
        let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(PATIENCE);
        let pool = pool.connect_lazy_with(options.as_ref().clone());
        let mut listener = PgListener::connect_with(&pool).await?;
        // A message may have been lost with the connection. Whoever listens is told so, and begins anew.
        listener.eager_reconnect(false);
        timeout(PATIENCE, listener.listen(CHANNEL)).await.map_err(|_elapsed| no_answer())??;
        Ok(Self(listener))
    }

    /// The next message. An error when the connection is lost, at the latest some seconds after it went silent.
    pub async fn next(&mut self) -> Result<String, sqlx::Error> {
        loop {
            match timeout(SILENCE, self.0.try_recv()).await {
                Ok(Ok(Some(message))) => return Ok(message.payload().to_owned()),
                Ok(Ok(None)) => return Err(sqlx::Error::Io(io::ErrorKind::ConnectionAborted.into())),
                Ok(Err(error)) => return Err(error),
                Err(_silent) => {
                    let question = sqlx::query("SELECT 1").execute(&mut self.0);
                    timeout(PATIENCE, question).await.map_err(|_elapsed| no_answer())??;
                }
            }
        }
    }
}
