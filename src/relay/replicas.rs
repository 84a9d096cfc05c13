//! What every process does beside its work, the server and the relay alike: it hears what other replicas have changed, looks
//! whether they share the folder of pictures, clears up what it keeps in memory, and looks whether its background jobs go on. The
//! others say it through the database; on SQLite there are none.

use std::{future::pending, time::Duration};

use super::{SharedApp, housekeeping, media_folder::Marker};
use crate::{
    app::App,
    db::{Effect, Listener},
    identity::{apps, keys},
    kit::{
        problems::problem::Problem,
        work::jobs::{Job, Worked},
    },
};

const LISTENING: Job =
    Job { pause: Duration::from_secs(2), outlives_stop: true, ..Job::new("listening", Duration::ZERO) };
const MEDIA_FOLDER: Job = Job { outlives_stop: true, ..Job::new("media_folder", Duration::from_secs(60)) };
const TIDYING: Job = Job { begins_later: true, outlives_stop: true, ..Job::new("tidying", Duration::from_secs(60)) };

/// Attends to all this for as long as it is polled.
pub async fn attend(app: SharedApp) {
    let _watch = app.jobs.watch();
    let marker = Marker::new();
    let look = async || marker.look(&app).await.map(|_finding| Worked::All);
    tokio::join!(listen(&app), app.run_job(TIDYING, None, async || tidy(&app)), app.run_job(MEDIA_FOLDER, None, look),);
}

fn tidy(app: &App) -> Result<Worked, Problem> {
    housekeeping::tidy_memory(app);
    Ok(Worked::All)
}

/// Does here what a change on another replica calls for. Connects again after a pause.
async fn listen(app: &App) {
    let mut connected = None;
    let hear_next = async || {
        let mut listener = match connected.take() {
            Some(listener) => listener,
            None => connect(app).await?,
        };
        hear(app, &mut listener).await?;
        connected = Some(listener);
        Ok(Worked::More)
    };
    if app.db.has_replicas() {
        Box::pin(app.run_job(LISTENING, None, hear_next)).await;
    }
    pending::<()>().await;
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
