//! `thidua relay`: the workers alone, until somebody asks them to stop.

use actix_web::web::Data;
use anyhow::Context as _;

use super::{
    Verdict,
    ground::Setup,
    say::say,
    serve::{asked_to_stop, close},
};
use crate::app::App;

/// Works.
pub async fn run(setup: Setup) -> anyhow::Result<Verdict> {
    let db = setup.open_migrated().await?;
    let app = setup.house(db).await?.app;
    let working = actix_web::rt::spawn(work(app.clone()));
    say("The relay is at work");

    asked_to_stop().await?;
    tracing::info!("stopping");
    app.stop();
    working.await.context("the relay's task")?;
    close(app).await?;
    Ok(Verdict::Well)
}

/// The relay's work, until `App::stop`.
pub async fn work(app: Data<App>) {
    // RELAY-PLUG: crate::relay::worker::run(app).await
    while !app.is_stopping() {
        app.bell.notified().await;
    }
}
