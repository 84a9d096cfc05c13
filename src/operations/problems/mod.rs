//! The pages that explain problems: what `type` of a problem document points at.

pub mod http;

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service.service(http::explain_problem);
}
