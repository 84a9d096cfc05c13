//! Who somebody is: sign-in through Zalo for members, by password for staff, by secret for apps; sessions, roles and the
//! keys that sign access tokens.

pub mod apps;
pub mod auth;
pub mod authenticate;
pub mod keys;
pub mod me;
pub mod oauth;
pub mod role_grants;
pub mod sessions;
pub mod staff;
pub mod well_known;
