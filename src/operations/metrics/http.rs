//! Figures over HTTP.

use std::time::Duration;

use actix_web::{HttpResponse, get, web::Data};
use tokio::time::timeout;

use crate::{
    app::App,
    identity::data_requests,
    kit::{problems::Problem, work::metrics},
    outbox,
    relay::worker,
};

/// How long the database is asked for figures: the others are given in any case.
const PATIENCE: Duration = Duration::from_secs(2);

/// Figures in the text exposition format, version 0.0.4.
#[get("/metrics")]
pub async fn list_metrics(app: Data<App>) -> HttpResponse {
    let figures = metrics::render() + &of_data_requests(&app).await + &of_background_work(&app).await;
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(figures)
}

/// How many requests about personal data wait, and how many of them are late. Nothing while the database does not say: whoever
/// watches the other figures needs them then.
async fn of_data_requests(app: &App) -> String {
    let counting = data_requests::count_waiting(app.db.reads(), app.clock.now());
    let Ok(counted) = timeout(PATIENCE, counting).await else {
        tracing::warn!("the requests about personal data could not be counted in time");
        return String::new();
    };
    match counted {
        Ok((waiting, overdue)) => {
            metrics::render_gauge("data_requests_waiting", waiting)
                + &metrics::render_gauge("data_requests_overdue", overdue)
        }
        Err(error) => {
            tracing::warn!(%error, "the requests about personal data could not be counted");
            String::new()
        }
    }
}

/// For how long the oldest of each kind of background work has waited, whoever should have done it, and how many events are set
/// aside. Nothing while the database does not say.
async fn of_background_work(app: &App) -> String {
    ask_for_background_work(app).await.unwrap_or_else(|problem| {
        tracing::warn!(error = %problem, cause = ?problem.cause, "the background work could not be looked at");
        String::new()
    })
}

async fn ask_for_background_work(app: &App) -> Result<String, Problem> {
    let now = app.clock.now();
    let waiting = worker::waiting(&app.db, &app.config, now).await?;
    let ages: Vec<_> = waiting.iter().map(|kind| (kind.name, kind.seconds(now))).collect();
    let set_aside = outbox::count_set_aside(app.db.reads()).await?;
    Ok(metrics::render_gauges("thidua_waiting_seconds", "work", &ages)
        + &metrics::render_gauge("thidua_events_set_aside", set_aside))
}
