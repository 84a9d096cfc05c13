//! Client apps of third parties: they sign themselves in with a secret, hold scopes, and name the origins that their pages
//! call from. A secret is shown once and kept as its hash.

mod actions;
mod client_app;
pub mod http;
mod origins;
mod store;
mod wire;

pub use client_app::ClientApp;
pub use origins::load_origins;
pub use store::{find_by_client_id, insert};

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service
        .service(http::list_apps)
        .service(http::create_app)
        .service(http::find_app)
        .service(http::update_app)
        .service(http::delete_app)
        .service(http::rotate_app_secret);
}
