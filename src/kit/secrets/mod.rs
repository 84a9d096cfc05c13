//! Tokens, hashes, and what is encrypted.

pub mod jwt;
pub mod secret;
pub mod vault;

pub use jwt::{BadKey, Claims, DatedKey, KeyRing, PublicKey, Signer};
pub use vault::{Unreadable, Vault};
