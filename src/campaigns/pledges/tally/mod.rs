//! What has come of pledges, and so where they stand: all of it follows from the ledger and the calendar. Only the day by which
//! the next commitment is to be reached is kept with each, so that a list can ask for those that stand somewhere.

mod store;

pub use store::{keep_standing, recount_standings, repair_standings, stands, views};
