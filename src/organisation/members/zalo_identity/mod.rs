//! One person's three Zalo ids: the app's, the Official Account's, and the app's as the account shows it. They are text
//! (larger than 2^53), differ from one another, and are kept encrypted with a keyed hash to find them by.

mod recognise;
mod store;

pub use recognise::{FromZalo, Recognised, recognise};
pub use store::{ZaloLink, find_by_zalo_hash, link_zalo, oa_users_of, unlink_zalo, zalo_look_up};
