//! The second factor of staff: a code from an authenticator, good once, or a recovery code when the authenticator is lost.
//! The secret is kept encrypted; it counts once a code has confirmed that the authenticator has it.

mod actions;
pub mod http;
mod store;
#[expect(clippy::module_inception, reason = "the noun's own file, as everywhere")]
mod totp;
mod wire;

pub use actions::{is_right, remove};
pub use store::is_enabled;
pub use totp::{TotpSecret, step_at};

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service.service(http::find_totp).service(http::create_totp).service(http::confirm_totp).service(http::delete_totp);
}
