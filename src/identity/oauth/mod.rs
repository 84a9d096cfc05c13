//! OAuth 2.0 (RFC 6749, RFC 7636, RFC 9700): authorization code with PKCE for staff, with a sign-in page of our own;
//! `client_credentials` for apps; `refresh_token` for both pages. No password grant. Errors are RFC 6749's, not ours.

mod actions;
mod client;
mod error;
mod form;
pub mod http;
mod page;
mod steps;
mod store;
mod wire;

pub use store::delete_old;

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service.service(http::show_sign_in).service(http::sign_in).service(http::create_token).service(http::revoke_token);
}
