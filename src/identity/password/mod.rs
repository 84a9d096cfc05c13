//! The password of staff, changed by its owner. A change ends every other session: whoever knew the old one is out.

mod actions;
pub mod http;
mod wire;

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service.service(http::update_password);
}
