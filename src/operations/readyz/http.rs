//! Readiness over HTTP.

use actix_web::{HttpResponse, get, web::Data};

use crate::{
    app::App,
    db::Readiness,
    kit::problems::{Code, Problem},
};

/// Find out whether the server is ready
///
/// The database can be read, takes changes and has the schema that this build knows, and nobody has asked the server to stop.
/// The answer comes within 2 seconds.
#[utoipa::path(tag = "readyz",
    responses((status = 200, body = String, content_type = "text/plain", example = "ready"), (status = 503, description = "unavailable")))]
#[get("/readyz")]
pub async fn find_readiness(app: Data<App>) -> Result<HttpResponse, Problem> {
    if app.is_stopping() {
        return Err(Problem::new(Code::Unavailable));
    }
    match app.db.readiness().await {
        Readiness::Ready => return Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ready")),
        Readiness::Outdated => tracing::warn!("the schema is older than this build"),
        Readiness::ReadOnly => tracing::warn!("the database takes no changes"),
        Readiness::Silent(error) => tracing::warn!(%error, "the database does not answer"),
    }
    Err(Problem::new(Code::Unavailable))
}
