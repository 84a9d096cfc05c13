//! What providers tell us: checked, stored once, answered at once, and worked on by the relay's tick.

mod actions;
mod event;
pub mod http;
mod store;

pub use actions::work_off;
pub use event::signature_of;

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service.service(http::receive_mini_app_event);
}
