//! The member who is signed in: what they see of themselves and change, what they take home, and how they leave.

mod actions;
pub mod http;
mod wire;

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service
        .service(http::find_me)
        .service(http::update_me)
        .service(http::delete_me)
        .service(http::export_me)
        .service(http::update_avatar)
        .service(http::delete_avatar);
}
