//! Staff sign in with a username and a password. An unknown username costs the same time and gets the same answer; guesses
//! at one are counted, and a device that its owner has signed in on has a count of its own, so that nobody locks them out.

mod actions;
mod belonging;
mod known_device;
mod password;
mod store;

pub use actions::{create, disable, enable, prove, reset_password};
pub use belonging::Belonging;
pub use known_device::{KnownDevice, code_guess_key, guess_key};
pub use password::{hash, verify};
pub use store::{
    StaffAccount, find, find_any, find_enabled, find_enabled_for_change, find_of, insert, replace_password,
};
