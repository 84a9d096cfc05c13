//! Reading outside a change, on any connection of a pool.

use std::{sync::Arc, time::Duration};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, Statement};

use super::session::{Wire, exec_error, query_error, words};

/// A pool of connections, and how long one of them may be silent before it counts as broken.
#[derive(Clone, Debug)]
pub(super) struct Connections {
    pub(super) pool: DatabaseConnection,
    /// None: for ever, as where nothing but this machine lies between.
    pub(super) patience: Option<Duration>,
}

/// Where to read. Each statement is on its own. A connection on which one was cut off, or got no answer, is closed.
#[derive(Clone, Debug)]
pub struct Reads {
    connections: Connections,
}

impl Reads {
    pub(super) const fn new(connections: Connections) -> Self {
        Self { connections }
    }

    pub(super) const fn pool(&self) -> &DatabaseConnection {
        &self.connections.pool
    }

    async fn borrow(&self) -> Result<Borrowed, DbErr> {
        Borrowed::from(&self.connections).await
    }
}

/// A connection from the pool, for one statement.
pub(super) struct Borrowed {
    pub(super) wire: Wire,
    is_sound: bool,
}

impl Borrowed {
    pub(super) async fn from(connections: &Connections) -> Result<Self, DbErr> {
        Ok(Self { wire: Wire::open(connections).await?, is_sound: false })
    }

    /// Takes note of whether the connection is of use after this answer.
    pub(super) fn heard<T>(&mut self, answer: Result<T, sqlx::Error>) -> Result<T, Arc<sqlx::Error>> {
        self.is_sound = match &answer {
            Ok(_) | Err(sqlx::Error::RowNotFound) => true,
            Err(error) => !self.wire.is_lost_by(error),
        };
        answer.map_err(Arc::new)
    }

    /// Lets it be closed when it is dropped.
    pub(super) const fn give_up(&mut self) {
        self.is_sound = false;
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        if !self.is_sound {
            self.wire.close();
        }
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Reads {
    fn get_database_backend(&self) -> DbBackend {
        self.connections.pool.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let mut on = self.borrow().await?;
        let done = on.wire.execute(&statement).await;
        on.heard(done).map_err(exec_error)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let mut on = self.borrow().await?;
        let done = on.wire.execute_unprepared(words(sql.to_owned())).await;
        on.heard(done).map_err(exec_error)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let mut on = self.borrow().await?;
        let row = match on.wire.query_one(&statement).await {
            Err(sqlx::Error::RowNotFound) => Ok(None),
            row => row.map(Some),
        };
        on.heard(row).map_err(query_error)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut on = self.borrow().await?;
        let rows = on.wire.query_all(&statement).await;
        on.heard(rows).map_err(query_error)
    }
}
