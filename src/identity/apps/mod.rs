//! Client apps of third parties: they sign themselves in with a secret and hold scopes.

mod store;

pub use store::{ClientApp, find_by_client_id, insert};
