//! A total explains itself: the check-ins, units and rule behind a target's figure, summing to it exactly.

pub mod http;
mod wire;

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service.service(http::explain_target);
}
