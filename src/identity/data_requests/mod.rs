//! What members ask about their personal data, with the deadlines that the law and Zalo's data agreement set. What the app
//! can do itself, export and erasure, it does at once and keeps here as done; the rest is for an admin.

mod actions;
mod data_request;
pub mod http;
mod store;
mod wire;

pub use actions::fulfilled_at_once;
pub use data_request::{DataRequest, Kind, Origin, Status};
pub use store::count_waiting;

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service
        .service(http::list_own_data_requests)
        .service(http::create_own_data_request)
        .service(http::list_data_requests)
        .service(http::create_data_request)
        .service(http::acknowledge_data_request)
        .service(http::resolve_data_request);
}
