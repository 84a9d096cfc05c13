//! Sessions: a signed-in device is a family of refresh tokens, each used once. A second use of one means that it was
//! stolen, and ends the whole family (RFC 9700, 4.14.2). There is no grace for an answer that was lost: nobody can tell its
//! rightful receiver from a thief, so a phone that did not get the answer signs in again.

mod actions;
mod device;
pub mod http;
mod store;
mod wire;

pub use actions::{
    MINI_APP, Opened, TokenPair, close, close_all_of, close_by_token, close_for, open, renew, token_for_scripts,
};
pub use device::device_name;
pub use store::{delete_old, delete_old_tokens};

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service.service(http::list_sessions).service(http::delete_session);
}
