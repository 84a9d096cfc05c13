//! Check-ins.

mod store;

pub use store::{CheckinNews, news_of};
