//! Works that units carry out in a campaign: projects, models, tasks.

mod actions;
pub mod http;
mod store;
mod wire;
mod work;

pub use work::{Work, WorkKind, WorkStatus};

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service.service(http::list_works).service(http::create_work).service(http::find_work).service(http::update_work);
}
