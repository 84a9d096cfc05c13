//! `thidua relay`: the workers alone, until somebody asks them to stop.

use anyhow::Context as _;

use super::{
    Verdict,
    ground::Setup,
    say::say,
    serve::{StopRequests, close},
};
use crate::relay::{replicas, worker};

/// Works.
pub async fn run(setup: Setup) -> anyhow::Result<Verdict> {
    let db = setup.open_to_work().await?;
    let app = setup.house(db).await?.app;
    let stop = StopRequests::heed()?;
    let attending = actix_web::rt::spawn(replicas::attend(app.clone()));
    let working = actix_web::rt::spawn(worker::run(app.clone()));
    say("The relay is at work");

    stop.asked().await;
    tracing::info!("stopping");
    app.stop();
    working.await.context("the relay's task")?;
    attending.abort();
    let _aborted = attending.await;
    close(app).await?;
    Ok(Verdict::Well)
}
