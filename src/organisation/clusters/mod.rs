//! Emulation clusters: comparable units that compete for a year, with a head and a rotating flag. Who was in it, who headed
//! it and who held the flag is dated; a change holds from its day on.

mod actions;
mod belonging;
mod cluster;
pub mod http;
mod store;
mod wire;

pub use belonging::Belonging;
pub use cluster::{Cluster, Stay};
pub use store::{clusters_of, exists, units_of};
pub use wire::NewCluster;

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service
        .service(http::list_clusters)
        .service(http::create_cluster)
        .service(http::find_cluster)
        .service(http::update_cluster);
}
