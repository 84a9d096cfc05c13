//! Who somebody is: sign-in through Zalo for members, by password for staff, by secret for apps; sessions, roles and the
//! keys that sign access tokens.

pub mod keys;
pub mod apps;
pub mod consents;
pub mod avatars;
pub mod sessions;
pub mod zalo_links;
pub mod authenticate;
pub mod role_grants;
pub mod data_requests;
pub mod guesses;
pub mod staff;
pub mod totp;
pub mod password;
pub mod oauth;
pub mod auth;
pub mod me;
pub mod well_known;
