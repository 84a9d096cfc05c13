//! Is the process alive? Asks nothing else, so that a slow database restarts no server.

pub mod http;

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service.service(http::find_health);
}
