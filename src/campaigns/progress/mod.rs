//! The figures of a campaign: what is pledged, reported and verified, by target and by unit; always equal to the sum of the
//! check-ins they stand for.

mod actions;
mod figures;
pub mod http;
mod wire;

pub use super::ledger::Drift;
pub use actions::{recount, repair};

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service.service(http::find_progress).service(http::find_unit_progress);
}
