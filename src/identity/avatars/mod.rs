//! Pictures of members, put up by themselves. The files are named after the hash of what they hold, so an address never shows
//! anything else; a file that is nobody's is swept.

mod actions;
pub mod http;
mod picture;
mod store;

pub use actions::{keep, put_up, remove_files, sweep, take_down};

/// The largest picture that is taken, in bytes.
pub const UPLOAD_LIMIT: usize = 5 * 1024 * 1024;

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service.service(http::find_avatar);
}
