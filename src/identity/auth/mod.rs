//! Sign-in of members: a Zalo Mini App token becomes a session of our own. Zalo is asked first, before any transaction
//! begins; its codes are exchanged at once and never written down.

mod actions;
pub mod http;
mod wire;
mod zalo_problem;

pub use wire::OwnProfile;

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service.service(http::sign_in_with_zalo).service(http::refresh_session).service(http::log_out);
}
