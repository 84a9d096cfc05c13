//! Figures over HTTP.

use actix_web::{HttpResponse, get};

use crate::kit::metrics;

/// List figures for Prometheus
///
/// In the text exposition format, version 0.0.4.
#[utoipa::path(tag = "metrics",
    responses((status = 200, body = String, content_type = "text/plain", example = "http_request_duration_seconds_count 42")))]
#[get("/metrics")]
pub async fn list_metrics() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(metrics::render())
}
