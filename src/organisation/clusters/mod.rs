//! Emulation clusters: comparable units that compete for a year, with a head and a rotating flag.

mod store;

pub use store::{NewCluster, clusters_of, exists, insert, units_of};
