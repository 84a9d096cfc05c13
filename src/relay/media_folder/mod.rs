//! Do the replicas share the folder of `media.directory`? A picture that one of them keeps is then found by all. Each process
//! puts a marker, a file of its own, into its folder and notes it in the database; a process that does not find the marker of
//! another one that lives has another folder. It says so in the log and in the database, where `thidua doctor` reads it.
//!
//! On SQLite all processes are on one machine, and nothing is noted.

mod store;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::{
    app::App,
    db::{Actor, Db},
    kit::{problems::Problem, values::clock::earlier},
};

/// A process lives that has noted its marker no longer ago than this; it does so every minute.
const LIVES: TimeDelta = TimeDelta::minutes(3);
/// What is left of a process goes once it is older.
const LEFT_OVER: TimeDelta = TimeDelta::days(1);
const FOLDER: &str = "replicas";

/// A process among those that share a folder, or do not.
#[derive(Debug)]
pub struct Marker(Uuid);

/// What a process has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The markers of all others are in its folder, as far as there are others.
    Shared,
    /// Somebody's marker is not.
    Apart,
}

impl Finding {
    const fn name(self) -> &'static str {
        match self {
            Self::Shared => "shared",
            Self::Apart => "apart",
        }
    }
}

impl Marker {
    /// A new process.
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }

    /// Puts up the marker, looks for the others', and notes what was found.
    pub async fn look(&self, app: &App) -> Result<Finding, Problem> {
        if !store::has_replicas(app.db.reads()) {
            return Ok(Finding::Shared);
        }
        let now = app.clock.now();
        app.files.put(&key_of(self.0), Vec::new()).await.map_err(Problem::of_file)?;
        let mut finding = Finding::Shared;
        for other in store::noted_since(app.db.reads(), earlier(now, LIVES)).await? {
            if other.marker != self.0 && !app.files.has(&key_of(other.marker)).await.map_err(Problem::of_file)? {
                finding = Finding::Apart;
            }
        }
        if finding == Finding::Apart {
            let directory = app.config.media.directory.as_str();
            tracing::error!(alarm = "media_not_shared", directory, "another replica keeps pictures in another folder");
        }
        app.change_as(Actor::system(), async |tx| {
            store::note(tx, self.0, finding).await?;
            Ok(store::delete_noted_before(tx, earlier(now, LEFT_OVER)).await?)
        })
        .await?;
        clear_up(app).await?;
        Ok(finding)
    }
}

impl Default for Marker {
    fn default() -> Self {
        Self::new()
    }
}

fn key_of(marker: Uuid) -> String {
    format!("{FOLDER}/{}", marker.simple())
}

async fn clear_up(app: &App) -> Result<(), Problem> {
    let age = LEFT_OVER.to_std().map_err(Problem::internal)?;
    for name in app.files.names_older_than(FOLDER, age).await.map_err(Problem::of_file)? {
        app.files.remove(&format!("{FOLDER}/{name}")).await.map_err(Problem::of_file)?;
    }
    Ok(())
}

/// How many processes have noted a marker lately, and how many of them do not share the others' folder.
pub async fn count(db: &Db, now: DateTime<Utc>) -> Result<(usize, usize), Problem> {
    let noted = store::noted_since(db.reads(), earlier(now, LIVES)).await?;
    let apart = noted.iter().filter(|one| one.finding == Finding::Apart).count();
    Ok((noted.len(), apart))
}
