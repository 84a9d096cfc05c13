//! What other programs read to find their way: the keys that verify our tokens, and the endpoints of OAuth 2.0.

pub mod http;

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service.service(http::list_keys).service(http::find_authorization_server);
}
