//! What every process does beside its work, the server and the relay alike: it hears what other replicas have changed, clears
//! up what it keeps in memory, and looks whether its background jobs go on. The others say it through the database; on SQLite
//! there are none.

use std::{future::pending, sync::Arc, time::Duration};

use tokio::time::timeout;

use super::{SharedApp, housekeeping};
use crate::{
    app::App,
    db::{Effect, dialect},
    identity::{apps, keys},
    kit::{
        codes::Code,
        jobs::{Job, Worked},
        problem::Problem,
    },
};

const LISTENING: Job =
    Job { pause: Duration::from_secs(2), outlives_stop: true, ..Job::new("listening", Duration::ZERO) };
const TIDYING: Job = Job { begins_later: true, outlives_stop: true, ..Job::new("tidying", Duration::from_secs(60)) };
/// How long nobody may have said anything before it is asked whether the connection still stands.
const SILENCE: Duration = Duration::from_secs(20);
/// How long the answer to that may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Attends to all this for as long as it is polled.
pub async fn attend(app: SharedApp) {
    let _watch = app.jobs.watch();
    tokio::join!(listen(&app), app.run_job(TIDYING, None, async || tidy(&app)));
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
    if dialect::has_replicas(app.db.reads()) {
        app.run_job(LISTENING, None, hear_next).await;
    }
    pending::<()>().await;
}

async fn connect(app: &App) -> Result<dialect::Listener, Problem> {
    let listener = dialect::listen(app.db.reads()).await.map_err(unheard)?;
    let listener = listener.ok_or_else(|| unheard(sqlx::Error::PoolClosed))?;
    // Nobody knows what was said before this moment.
    app.apply(&[Effect::ForgetCallers, Effect::ForgetPages, Effect::ReloadKeys, Effect::WakeRelay]);
    keys::refresh(app).await;
    apps::load_origins(app).await;
    Ok(listener)
}

fn unheard(error: sqlx::Error) -> Problem {
    Problem { cause: Some(Arc::new(error)), ..Problem::new(Code::Unavailable) }
}

/// Waits for a message, and does what it says. After a silence it asks whether anybody could still be heard.
async fn hear(app: &App, listener: &mut dialect::Listener) -> Result<(), Problem> {
    let Ok(message) = timeout(SILENCE, listener.next()).await else {
        let answer = timeout(PATIENCE, listener.ping()).await;
        return answer.unwrap_or(Err(sqlx::Error::PoolTimedOut)).map_err(unheard);
    };
    if let Some(effect) = Effect::named(&message.map_err(unheard)?) {
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
