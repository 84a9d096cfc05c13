//! One person's three Zalo ids: the app's, the Official Account's, and the app's as the account shows it. They are text
//! (larger than 2^53), differ from one another, and are kept encrypted with a keyed hash to find them by.

mod store;

pub use store::{ZaloLink, find_by_zalo, link_zalo, oa_user_of};
