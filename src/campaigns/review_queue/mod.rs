//! What waits for a manager's decision: the check-ins of their units that are submitted or held, their own left out; what came
//! first, first.

pub mod http;
mod wire;

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service.service(http::list_review_queue);
}
