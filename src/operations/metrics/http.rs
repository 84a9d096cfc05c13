//! Figures over HTTP.

use std::time::Duration;

use actix_web::{HttpResponse, get, web::Data};
use tokio::time::timeout;

use crate::{app::App, identity::data_requests, kit::metrics};

/// How long the database is asked for figures: the others are given in any case.
const PATIENCE: Duration = Duration::from_secs(2);

/// Figures in the text exposition format, version 0.0.4.
#[get("/metrics")]
pub async fn list_metrics(app: Data<App>) -> HttpResponse {
    let figures = metrics::render() + &of_data_requests(&app).await;
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
