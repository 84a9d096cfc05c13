//! Memberships: who belongs to which unit, at home or for a while, from a day to a day. One home at a time: the database
//! itself refuses a second one, also in the past. What somebody did on a day counts for their home of that day.

mod actions;
mod belonging;
pub mod http;
mod membership;
mod store;
mod wire;

pub use actions::create;
pub use belonging::Belonging;
pub use membership::Membership;
pub use wire::NewMembership;

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service
        .service(http::list_memberships)
        .service(http::create_membership)
        .service(http::find_membership)
        .service(http::update_membership);
}
