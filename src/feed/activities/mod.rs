//! Activities.

mod store;

pub use store::{ActivityKind, ActivityNews, news_of};
