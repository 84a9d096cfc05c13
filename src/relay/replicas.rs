//! What every process does beside its work, the server and the relay alike: it hears what other replicas have changed, looks
//! whether they share the folder of pictures, clears up what it keeps in memory, and looks whether its background jobs go on. The
//! others say it through the database; on SQLite there are none.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;

use super::{SharedApp, housekeeping, media_folder::Marker};
use crate::{
    app::{App, Job},
    db::{Effect, Listener},
    identity::{apps, keys},
    kit::{
        problems::Problem,
        work::{Schedule, Worked},
    },
};

const LOOK_EVERY: Duration = Duration::from_secs(60);
/// How soon a lost connection to the other replicas is made again.
const CONNECT_AGAIN: Duration = Duration::from_secs(2);

/// The jobs of every process.
pub fn jobs() -> Vec<Box<dyn Job>> {
    vec![Box::new(Listening::default()), Box::new(MediaFolder(Marker::new())), Box::new(Tidying)]
}

/// Attends to all this for as long as it is polled.
pub async fn attend(app: SharedApp) {
    let _watch = app.jobs.watch();
    let has_replicas = app.db.has_replicas();
    let jobs = jobs().into_iter().filter(|job| has_replicas || job.name() != LISTENING);
    join_all(jobs.map(|job| Box::pin(app.run_job(job)))).await;
}

/// Does here what a change on another replica calls for. Connects again after a pause.
#[derive(Default)]
struct Listening(Option<Listener>);

const LISTENING: &str = "listening";

#[async_trait(?Send)]
impl Job for Listening {
    fn name(&self) -> &'static str {
        LISTENING
    }

    fn schedule(&self, _app: &App) -> Schedule {
        Schedule { pause: CONNECT_AGAIN, outlives_stop: true, ..Schedule::every(Duration::ZERO) }
    }

    async fn step(&mut self, app: &App) -> Result<Worked, Problem> {
        let mut listener = match self.0.take() {
            Some(listener) => listener,
            None => connect(app).await?,
        };
        hear(app, &mut listener).await?;
        self.0 = Some(listener);
        Ok(Worked::More)
    }
}

/// Looks whether the replicas share the folder of pictures.
struct MediaFolder(Marker);

#[async_trait(?Send)]
impl Job for MediaFolder {
    fn name(&self) -> &'static str {
        "media_folder"
    }

    fn schedule(&self, _app: &App) -> Schedule {
        Schedule { outlives_stop: true, ..Schedule::every(LOOK_EVERY) }
    }

    async fn step(&mut self, app: &App) -> Result<Worked, Problem> {
        self.0.look(app).await.map(|_finding| Worked::All)
    }
}

/// Clears up what this process keeps in memory.
struct Tidying;

#[async_trait(?Send)]
impl Job for Tidying {
    fn name(&self) -> &'static str {
        "tidying"
    }

    fn schedule(&self, _app: &App) -> Schedule {
        Schedule { begins_later: true, outlives_stop: true, ..Schedule::every(LOOK_EVERY) }
    }

    async fn step(&mut self, app: &App) -> Result<Worked, Problem> {
        housekeeping::tidy_memory(app);
        Ok(Worked::All)
    }
}

async fn connect(app: &App) -> Result<Listener, Problem> {
    let listener = app.db.listen().await?;
    // Nobody knows what was said before this moment.
    app.apply(&[Effect::ForgetCallers, Effect::ForgetPages, Effect::ReloadKeys, Effect::WakeRelay]);
    keys::refresh(app).await;
    apps::load_origins(app).await;
    Ok(listener)
}

/// Waits for a message, and does what it says; or for a silence.
async fn hear(app: &App, listener: &mut Listener) -> Result<(), Problem> {
    let Some(message) = listener.next().await? else { return Ok(()) };
    if let Some(effect) = Effect::named(&message) {
        app.apply(&[effect]);
        if effect == Effect::ReloadKeys {
            keys::refresh(app).await;
        }
        if effect == Effect::ForgetCallers {
            apps::load_origins(app).await;
        }
    }
    Ok(())
}
