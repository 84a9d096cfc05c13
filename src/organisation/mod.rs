//! Who there is: units in a dated tree, clusters of a year, members and where they belong; and how
//! they come in and go out as spreadsheets.

pub mod units;
pub mod clusters;
pub mod members;
pub mod memberships;
pub mod imports;
pub mod exports;
