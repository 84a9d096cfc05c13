//! What providers tell us: checked, stored once, answered at once, and worked on by the relay.

mod actions;
mod event;
pub mod http;
mod store;

pub use actions::{JOB, work_off};
pub use event::signature_of;
pub use store::{delete_old, waiting_since};

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service.service(http::receive_mini_app_event);
}
