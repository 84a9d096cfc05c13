//! The feed: of what is published, the part that is by or for the units of whoever is signed in.

pub mod http;
mod store;
mod wire;

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service.service(http::list_feed);
}
