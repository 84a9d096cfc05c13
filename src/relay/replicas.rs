//! What other replicas have changed. They say so through the database; on SQLite there are none.

use std::{convert::Infallible, future::pending, time::Duration};

use tokio::time::sleep;

use super::SharedApp;
use crate::{
    app::App,
    db::{Effect, dialect},
};

const PAUSE: Duration = Duration::from_secs(2);

/// Does here what a change on another replica calls for, for as long as it is polled. Connects again after a pause.
pub async fn listen(app: SharedApp) {
    loop {
        match listen_once(&app).await {
            Ok(never) => match never {},
            Err(error) => tracing::warn!(%error, "the other replicas cannot be heard; trying again"),
        }
        sleep(PAUSE).await;
    }
}

async fn listen_once(app: &App) -> Result<Infallible, sqlx::Error> {
    let Some(mut listener) = dialect::listen(app.db.reads()).await? else { return pending().await };
    // Nobody knows what was said before this moment.
    app.apply(&[Effect::ForgetCallers, Effect::ForgetPages, Effect::WakeRelay]);
    loop {
        let message = listener.next().await?;
        if let Some(effect) = Effect::named(&message) {
            app.apply(&[effect]);
        }
    }
}
