//! `thidua relay`: the workers alone, until somebody asks them to stop. Their figures and probes are on the internal address,
//! or on the next that is free: any number of them may run on one machine.

use anyhow::Context as _;

use super::{
    Verdict, listeners,
    say::say,
    serve::{StopRequests, close, serve_inside},
    setup::Setup,
};
use crate::relay::{replicas, worker};

/// Works.
pub async fn run(mut setup: Setup) -> anyhow::Result<Verdict> {
    let db = setup.open_to_work().await?;
    let internal = listeners::bind_internal_nearby(&mut setup.config.server)?;
    if internal.is_some() {
        say(format_args!("Figures on {}", listeners::figures_url(&setup.config.server)));
    }
    let server = setup.server(db).await?;
    let app = server.app.clone();
    let stop = StopRequests::heed()?;
    let inside = serve_inside(&server, internal)?;
    let attending = actix_web::rt::spawn(replicas::attend(app.clone()));
    let working = actix_web::rt::spawn(worker::run(app.clone()));
    say("The relay is at work");

    stop.asked().await;
    tracing::info!("stopping");
    app.stop();
    working.await.context("the relay's task")?;
    attending.abort();
    let _aborted = attending.await;
    inside.stop().await;
    close(app).await?;
    Ok(Verdict::Well)
}
