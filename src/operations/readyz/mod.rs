//! May requests be sent here? The database answers, its schema is the one this build knows, and nobody has asked it to stop.

pub mod http;

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service.service(http::find_readiness);
}
