//! Liveness over HTTP.

use actix_web::{HttpResponse, get};

/// Find out whether the process is alive
///
/// Asks nothing else, so that a slow database restarts no server.
#[utoipa::path(tag = "healthz", responses((status = 200, body = String, content_type = "text/plain", example = "ok")))]
#[get("/healthz")]
pub async fn find_health() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok")
}
