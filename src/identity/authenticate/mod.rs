//! From a bearer token to a caller: before any handler runs, and once for all of them.

mod middleware;
mod store;

pub use middleware::authenticate;
pub use store::load_person;
