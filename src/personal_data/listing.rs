//! A member's line on the list of erasures, from before it is written until it is known what became of the erasure. Whoever
//! drops a request drops this with it, at whatever point: then a task takes the line back, unless the member is erased.

use std::{path::PathBuf, time::Duration};

use tokio::{
    runtime::Handle,
    task::{JoinHandle, spawn_blocking},
    time::sleep,
};

use super::store;
use crate::{
    app::{App, erasures},
    db::{Actor, Db, Tx},
    kit::{
        problems::Problem,
        values::{Clock, MemberId},
    },
};

/// How long until taking back is tried again when it failed: twice as long each time, from the first to the last.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// A line whose erasure is not committed as far as anybody knows.
#[derive(Debug)]
pub struct Listing {
    open: Option<Open>,
    /// The line as it is being written. It is written to its end also when nobody waits for it any more.
    writing: Option<JoinHandle<std::io::Result<()>>>,
}

/// What it takes to take a line back.
#[derive(Clone, Debug)]
struct Open {
    list: PathBuf,
    member: MemberId,
    db: Db,
    clock: Clock,
}

impl Listing {
    /// Writes the line; it is on disk when this returns. Where no list is kept, nothing happens.
    pub async fn write(app: &App, tx: &Tx, member: MemberId) -> Result<Self, Problem> {
        let Some(open) = Open::of(app, member) else { return Ok(Self { open: None, writing: None }) };
        let (list, at) = (open.list.clone(), tx.now());
        let writing = spawn_blocking(move || erasures::append(&list, &[(member, at)]));
        let mut listing = Self { open: Some(open), writing: Some(writing) };
        if let Some(writing) = &mut listing.writing {
            let written = writing.await;
            listing.writing = None;
            written.map_err(Problem::internal)?.map_err(Problem::of_file)?;
        }
        Ok(listing)
    }

    /// The erasure is committed: the line stays.
    pub fn stays(mut self) {
        self.open = None;
    }
}

impl Drop for Listing {
    fn drop(&mut self) {
        let Some(open) = self.open.take() else { return };
        let writing = self.writing.take();
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(settle(open, writing))),
            // Nothing runs any more: as after a crash, the next start erases the member.
            Err(_no_runtime) => open.complain("the server stops"),
        }
    }
}

async fn settle(open: Open, writing: Option<JoinHandle<std::io::Result<()>>>) {
    if let Some(writing) = writing {
        let _written_or_not = writing.await;
    }
    let (mut pause, longest) = PAUSES;
    while let Err(problem) = open.take_back().await {
        open.complain(problem);
        sleep(pause).await;
        pause = longest.min(pause.saturating_mul(2));
    }
}

/// Takes a member off the list whose erasure failed, unless they are erased all the same: an answer to a commit can be lost.
pub async fn take_back(app: &App, member: MemberId) {
    if let Some(open) = Open::of(app, member)
        && let Err(problem) = open.take_back().await
    {
        open.complain(problem);
    }
}

impl Open {
    fn of(app: &App, member: MemberId) -> Option<Self> {
        Some(Self { list: app.erasure_list()?, member, db: app.db.clone(), clock: app.clock.clone() })
    }

    async fn take_back(&self) -> Result<(), Problem> {
        let tx = self.db.begin(self.clock.now(), Actor::system()).await?;
        // Waits until the change that was to erase them has ended, one way or the other.
        if store::lock_member(&tx, self.member).await?.is_some() {
            let (list, member, at) = (self.list.clone(), self.member, tx.now());
            let taking = spawn_blocking(move || erasures::take_back(&list, member, at));
            taking.await.map_err(Problem::internal)?.map_err(Problem::of_file)?;
        }
        tx.roll_back().await?;
        Ok(())
    }

    fn complain(&self, error: impl std::fmt::Display) {
        let member = self.member;
        tracing::error!(member.id = %member, %error, "an erasure failed, and the list of erasures may name the member");
    }
}
