//! Pictures of members, put up by themselves. The files are named after the hash of what they hold, so an address never shows
//! anything else, and two members may share it; a file that is nobody's is swept.

mod actions;
pub mod http;
mod picture;
mod store;

pub use actions::{Kept, keep, put_up, sweep, take_down};

/// The largest picture that is taken, in bytes.
pub const UPLOAD_LIMIT: u64 = 5 * 1024 * 1024;

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service.service(http::find_avatar);
}
