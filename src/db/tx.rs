//! A change in progress, and the parts of it that can fail alone.

use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement};

use super::{Actor, Effect, dialect, session::Session};
use crate::kit::{problems::Problem, values::clock::day_in_vietnam};

/// A change in progress: a transaction that also knows what time it is and who makes it. Dropped before COMMIT is sent it is
/// rolled back, wherever it is; dropped after that its outcome is unknown, and `kit::work::commit_progress` says so.
#[derive(Debug)]
pub struct Tx {
    session: Arc<Session>,
    /// What this is the savepoint of, if it is one.
    savepoint: Option<Savepoint>,
    now: DateTime<Utc>,
    actor: Actor,
    effects: Mutex<Vec<Effect>>,
}

impl Tx {
    pub(super) fn new(session: Session, now: DateTime<Utc>, actor: Actor) -> Self {
        Self { session: Arc::new(session), savepoint: None, now, actor, effects: Mutex::default() }
    }

    /// The moment of this change.
    pub const fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// The calendar day of this change, in Vietnam.
    pub fn today(&self) -> NaiveDate {
        day_in_vietnam(self.now)
    }

    /// Who makes it.
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Lets something happen once this is committed, here and on every other replica.
    pub fn after_commit(&self, effect: Effect) {
        let mut effects = self.effects.lock().unwrap_or_else(PoisonError::into_inner);
        if !effects.contains(&effect) {
            effects.push(effect);
        }
    }

    fn effects(&self) -> Vec<Effect> {
        mem::take(&mut *self.effects.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes the change durable; gives what is to happen now. It is committed when the database has said so, and not
    /// otherwise: where a part of it failed, or the answer to COMMIT was lost, this is an error.
    pub async fn commit(self) -> Result<Vec<Effect>, Problem> {
        let effects = self.effects();
        for effect in &effects {
            dialect::notify(&self, effect.name()).await?;
        }
        self.session.commit().await?;
        Ok(effects)
    }

    /// A part of the change that can fail alone. It ends by `release_into` or `roll_back`; dropped without either, it takes the
    /// whole change with it.
    pub async fn savepoint(&self) -> Result<Self, DbErr> {
        let depth = self.session.savepoint().await?;
        let savepoint = Savepoint { session: Arc::clone(&self.session), depth, is_ended: false };
        Ok(Self {
            session: Arc::clone(&self.session),
            savepoint: Some(savepoint),
            now: self.now,
            actor: self.actor.clone(),
            effects: Mutex::default(),
        })
    }

    /// Keeps what was done since the savepoint.
    pub async fn release_into(mut self, outer: &Self) -> Result<(), DbErr> {
        if let Some(savepoint) = &mut self.savepoint {
            self.session.release(savepoint.depth).await?;
            savepoint.is_ended = true;
        }
        self.effects().into_iter().for_each(|effect| outer.after_commit(effect));
        Ok(())
    }

    /// Undoes it: the whole change, or what was done since the savepoint.
    pub async fn roll_back(mut self) -> Result<(), DbErr> {
        let Some(savepoint) = &mut self.savepoint else {
            return self.session.roll_back().await;
        };
        self.session.roll_back_to(savepoint.depth).await?;
        savepoint.is_ended = true;
        Ok(())
    }
}

/// A savepoint that is open until somebody says what is to become of it.
#[derive(Debug)]
struct Savepoint {
    session: Arc<Session>,
    depth: usize,
    is_ended: bool,
}

impl Drop for Savepoint {
    fn drop(&mut self) {
        if !self.is_ended {
            self.session.abandon();
        }
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        self.session.backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.session.execute(&statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.session.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.session.query_one(&statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.session.query_all(&statement).await
    }
}
