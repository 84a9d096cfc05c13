//! For whom a campaign is, asked in three ways.

mod store;

pub use store::{audience_members, is_open_to, open_to};
