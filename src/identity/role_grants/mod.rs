//! Role grants: who may do what, for which unit and all below it, from a day to a day. An admin gives
//! any role; whoever manages a unit gives `unit_manager` and `editor` for it and for what is below it, to others, for no longer
//! than they manage it themselves, and takes back what they gave and what is held below.
//! There is always an admin who can sign in: the last one stays.

mod actions;
mod belonging;
pub mod http;
mod role_grant;
mod store;
mod wire;

pub use actions::keep_an_admin;
pub use belonging::Belonging;
pub use role_grant::RoleGrant;
pub use store::{insert, managers_above};

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service
        .service(http::list_role_grants)
        .service(http::create_role_grant)
        .service(http::find_role_grant)
        .service(http::delete_role_grant);
}
