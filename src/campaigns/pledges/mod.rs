//! Pledges.

mod store;

pub use store::{PledgeNews, news_of};
