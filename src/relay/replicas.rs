//! What every process does beside its work, the server and the relay alike: it hears what other replicas have changed, looks
//! whether they share the folder of pictures, and clears up what it keeps in memory. The others say it through the database; on SQLite there are none.

use std::{convert::Infallible, future::pending, time::Duration};

use tokio::time::sleep;

use super::{SharedApp, housekeeping, media_folder::Marker};
use crate::{
    app::App,
    db::{Effect, as_job, trouble::Trouble},
    identity::{apps, keys},
};

const PAUSE: Duration = Duration::from_secs(2);

const TIDYING: Duration = Duration::from_secs(60);

/// Attends to all this for as long as it is polled.
pub async fn attend(app: SharedApp) {
    as_job(async { tokio::join!(listen(&app), tidy(&app)) }).await;
}

async fn tidy(app: &App) {
    let marker = Marker::new();
    loop {
        if let Err(error) = marker.look(app).await {
            tracing::warn!(%error, cause = ?error.cause, "whether the replicas share media.directory is not known");
        }
        sleep(TIDYING).await;
        housekeeping::tidy_memory(app);
    }
}

/// Does here what a change on another replica calls for. Connects again after a pause.
async fn listen(app: &App) {
    loop {
        match listen_once(app).await {
            Ok(never) => match never {},
            Err(error) => {
                if let Some(trouble) = Trouble::of_sqlx(&error) {
                    trouble.count();
                }
                tracing::warn!(%error, "the other replicas cannot be heard; trying again");
            }
        }
        sleep(PAUSE).await;
    }
}

async fn listen_once(app: &App) -> Result<Infallible, sqlx::Error> {
    let Some(mut listener) = app.db.listen().await? else { return pending().await };
    // Nobody knows what was said before this moment.
    app.apply(&[Effect::ForgetCallers, Effect::ForgetPages, Effect::ReloadKeys, Effect::WakeRelay]);
    keys::refresh(app).await;
    apps::load_origins(app).await;
    loop {
        let message = listener.next().await?;
        if let Some(effect) = Effect::named(&message) {
            app.apply(&[effect]);
            if effect == Effect::ReloadKeys {
                keys::refresh(app).await;
            }
            if effect == Effect::ForgetCallers {
                apps::load_origins(app).await;
            }
        }
    }
}
