//! Sessions: a signed-in device is a family of refresh tokens, each used once. A second use of one means that it was
//! stolen, and ends the whole family.

mod actions;
mod store;

pub use actions::{Opened, TokenPair, close, close_by_token, open, renew, token_for_scripts};
