//! Role grants: who may do what, for which unit and all below it, from a day to a day. Nobody gives more than they hold.

mod actions;
pub mod http;
mod store;
mod wire;

pub use store::{RoleGrant, insert, managers_above};

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service.service(http::list_role_grants).service(http::create_role_grant).service(http::delete_role_grant);
}
