//! Figures for Prometheus. Keep them inside: the proxy should not publish this address.

pub mod http;

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service.service(http::list_metrics);
}
