//! Staff sign in with a username and a password. An unknown username costs the same time and gets the same answer.

mod actions;
mod password;
mod store;

pub use actions::create;
pub use password::{hash, verify};
pub use store::{StaffAccount, find, insert};
