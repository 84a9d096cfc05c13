//! Deliveries: one notification on its way to one member by one outside channel, at most one of each. It is claimed with a
//! lease, sent with no transaction open, and an outcome counts only with the lease and the attempt it was taken with. The lease
//! is short, and renewed while its worker lives (`lease`).

mod actions;
mod delivery;
pub mod http;
mod lease;
mod store;
mod wire;

pub use delivery::{AT_ONCE, DeliveryStatus, Outcome};
pub use lease::{Lease, Terms};
pub use store::{Claimed, NO_CONSENT, claim, delete_old, finish, is_anything_due, queue, release, waiting_since};

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service.service(http::list_deliveries).service(http::retry_delivery);
}
