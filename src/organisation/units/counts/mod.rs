//! How many members are at home in a unit and in all below it, without counting them each time.
//!
//! `unit_member_count` says how many were at home in each very unit on one base day (`member_count_day`). Triggers on
//! `membership` keep it, whoever writes there. The figure of any other day is that of the base day and the comings and
//! goings in between, so it is exact always; moving the base day near to today makes it fast.

mod store;

pub use store::{hold, member_counts_on, recount_members};
