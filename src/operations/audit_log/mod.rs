//! The audit log, for admins: who did what, when, to what. Rows appear once they have their place in the chain, a moment
//! after what they tell of; nobody changes or deletes them.

pub mod http;
mod store;
mod wire;

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service.service(http::list_audit_log);
}
