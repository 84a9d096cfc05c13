//! The link between a member and a Zalo account, which sign-in makes. An admin undoes one that is wrong.

mod actions;
pub mod http;

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service.service(http::delete_zalo_link);
}
