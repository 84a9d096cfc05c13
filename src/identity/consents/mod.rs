//! What members agreed to, when, in which version of the text. The history is only added to. Whatever needs a consent asks
//! `holds` at the moment at which it matters, and nothing optional is agreed to before a member says so.

mod actions;
pub mod http;
mod store;
mod texts;
mod wire;

pub use actions::withdraw_all;
pub use store::{Decision, holds, holds_until_commit, insert, members_agreeing_to};
pub use texts::{CURRENT, ConsentText};

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service.service(http::list_consents).service(http::update_consents);
}
