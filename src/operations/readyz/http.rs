//! Readiness over HTTP.

use std::time::Duration;

use actix_web::{HttpResponse, get, web::Data};
use tokio::time::timeout;

use crate::{
    app::App,
    kit::{codes::Code, problem::Problem},
};

/// A database that takes longer to answer is no database to be ready with.
const PATIENCE: Duration = Duration::from_secs(5);

/// Find out whether the server is ready
///
/// The database answers with the schema that this build knows, and nobody has asked the server to stop.
#[utoipa::path(tag = "readyz",
    responses((status = 200, body = String, content_type = "text/plain", example = "ready"), (status = 503, description = "unavailable")))]
#[get("/readyz")]
pub async fn find_readiness(app: Data<App>) -> Result<HttpResponse, Problem> {
    if app.is_stopping() {
        return Err(Problem::new(Code::Unavailable));
    }
    let asked = timeout(PATIENCE, app.db.is_up_to_date()).await.map_err(|_elapsed| {
        tracing::warn!("the database does not answer in time");
        Problem::new(Code::Unavailable)
    })?;
    let is_up_to_date = asked.map_err(|error| {
        tracing::warn!(%error, "the database does not answer");
        Problem::new(Code::Unavailable)
    })?;
    if !is_up_to_date {
        tracing::warn!("the schema is older than this build");
        return Err(Problem::new(Code::Unavailable));
    }
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ready"))
}
