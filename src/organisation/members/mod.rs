//! Members: a public part that colleagues see, and a private part that sits in tables of its own, encrypted. What somebody
//! did stays when they are erased; who they were does not.

mod actions;
mod belonging;
pub mod http;
mod member;
mod store;
mod wire;
mod zalo_identity;

pub use actions::{create, join_guest, read_contact, update_own};
pub use belonging::Belonging;
pub use member::{Contact, Member, MemberChange, MembershipKind, normal_email, normal_phone};
pub use store::{
    find, find_by_phone, find_visible_for_change, held_name, hold_places_of, home_unit_on, index_names, insert_private,
    is_in_unit_on, members_at_home_below, members_below, names_of, set_avatar_url, unit_ids_on,
};
pub use wire::{ContactView, MemberPatch, MemberView, NewMember};
pub use zalo_identity::{
    FromZalo, Recognised, ZaloLink, find_by_zalo_hash, link_zalo, oa_users_of, recognise, unlink_zalo, zalo_look_up,
};

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service
        .service(http::list_members)
        .service(http::create_member)
        .service(http::find_member)
        .service(http::update_member)
        .service(http::list_unit_members);
}
