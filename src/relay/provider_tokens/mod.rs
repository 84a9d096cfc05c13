//! The Official Account's token pair. Its refresh token works once: so one worker renews it at a time, the request is made
//! outside any transaction, and the new pair is stored before it is used. A renewal without an answer is tried again with the
//! same token; one that was refused is not: somebody puts a new refresh token into the settings, and what is to be sent waits
//! meanwhile.

mod actions;
mod store;
mod token;

pub use actions::{access, is_configured, replace};
