//! Who there is: units in a dated tree, clusters of a year, members and where they belong.

pub mod clusters;
pub mod members;
pub mod units;
