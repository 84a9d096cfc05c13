//! Works that units carry out in a campaign: projects, models, tasks.

mod actions;
pub mod http;
mod store;
mod wire;

pub use crate::entity::work::{Model as Work, WorkKind, WorkStatus};

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service.service(http::list_works).service(http::create_work).service(http::find_work).service(http::update_work);
}
