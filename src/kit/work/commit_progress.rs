//! How far a request has got with making its change durable. Whoever ends a request before its time, at its deadline say,
//! reads here whether the change is undone for certain or its outcome is unknown.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};

tokio::task_local! {
    static WATCHED: CommitProgress;
}

/// What is known of the changes of a piece of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitState {
    /// Nothing is committed: when the work is dropped now, its transaction is rolled back.
    Open,
    /// A COMMIT was sent and the database has not said what became of it: the outcome is unknown.
    Committing,
    /// The database has said that a change is committed. A second change of the same work may still be open.
    Committed,
}

/// Follows one piece of work. Clones follow the same one.
#[derive(Clone, Debug, Default)]
pub struct CommitProgress(Arc<AtomicU8>);

const OPEN: u8 = 0;
const COMMITTING: u8 = 1;
const COMMITTED: u8 = 2;

impl CommitProgress {
    /// Runs `work`. Every commit that it makes is noted here, except in tasks that it spawns. To end the work early drop the
    /// future that this returns, then read `state`: it does not change any more.
    pub async fn watch<F: Future>(&self, work: F) -> F::Output {
        WATCHED.scope(self.clone(), work).await
    }

    /// How far it has got.
    pub fn state(&self) -> CommitState {
        match self.0.load(Ordering::Acquire) {
            OPEN => CommitState::Open,
            COMMITTING => CommitState::Committing,
            _ => CommitState::Committed,
        }
    }
}

/// A COMMIT that is about to be sent. Dropped without a word, its outcome stays unknown.
#[derive(Debug)]
#[must_use]
pub struct SentCommit {
    watched: Option<CommitProgress>,
    before: u8,
}

impl SentCommit {
    /// Notes, for whoever watches the work that calls this, that a COMMIT is being sent.
    pub fn note() -> Self {
        let watched = WATCHED.try_with(CommitProgress::clone).ok();
        let before = watched.as_ref().map_or(OPEN, |watched| watched.0.swap(COMMITTING, Ordering::AcqRel));
        Self { watched, before }
    }

    /// The database says that the change is committed.
    pub fn is_done(self) {
        self.set(COMMITTED);
    }

    /// The database says that the change is undone.
    pub fn is_undone(self) {
        self.set(self.before);
    }

    fn set(&self, state: u8) {
        if let Some(watched) = &self.watched {
            watched.0.store(state, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_commit_is_in_doubt_until_the_database_has_spoken() {
        let progress = CommitProgress::default();
        assert_eq!(progress.state(), CommitState::Open);

        progress.watch(async { drop(SentCommit::note()) }).await;
        assert_eq!(progress.state(), CommitState::Committing);

        progress.watch(async { SentCommit::note().is_done() }).await;
        assert_eq!(progress.state(), CommitState::Committed);
    }

    #[tokio::test]
    async fn a_commit_that_was_refused_leaves_what_was_before() {
        let progress = CommitProgress::default();

        progress.watch(async { SentCommit::note().is_undone() }).await;

        assert_eq!(progress.state(), CommitState::Open);
    }

    #[tokio::test]
    async fn what_nobody_watches_notes_nothing() {
        let progress = CommitProgress::default();

        SentCommit::note().is_done();

        assert_eq!(progress.state(), CommitState::Open);
    }
}
