//! Members: a public part that colleagues see, and a private part that sits in tables of its own, encrypted. What somebody
//! did stays when they are erased; who they were does not.

mod actions;
pub mod http;
mod member;
mod store;
mod wire;
mod zalo_identity;

pub use actions::{create, join_guest};
pub use member::{Member, MembershipKind};
pub use store::{
    find, find_by_phone, home_unit_on, insert_private, is_in_unit_on, members_below, names_of, unit_ids_on,
};
pub use wire::{MemberView, NewMember};
pub use zalo_identity::{ZaloLink, find_by_zalo, link_zalo, oa_user_of};

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service
        .service(http::list_members)
        .service(http::create_member)
        .service(http::find_member)
        .service(http::list_unit_members);
}
