//! Deliveries: one notification on its way to one member by one outside channel, at most one of each. It is claimed with a
//! lease, sent with no transaction open, and an outcome counts only with the lease and the attempt it was taken with.

mod actions;
mod delivery;
pub mod http;
mod store;
mod wire;

pub use delivery::{AT_ONCE, DeliveryStatus, Outcome, lease_for};
pub use store::{Claimed, NO_CONSENT, claim, finish, is_anything_due, queue, release};

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service.service(http::list_deliveries).service(http::retry_delivery);
}
