//! What has come of pledges, and so where they stand: nothing of it is kept, all follows from the ledger and the calendar.

mod store;

pub use store::{stands, views};
