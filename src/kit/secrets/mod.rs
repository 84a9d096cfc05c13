//! Tokens, hashes, and what is encrypted.

pub mod jwt;
pub mod secret;
pub mod vault;
