//! The Official Account's token pair. Its refresh token works once: so one worker renews it at a time, and the request is made
//! outside any transaction. The new pair is held in memory from the moment that it is there (`app::HeldTokens`), used, and
//! stored again and again until the database has it; with the alarm from the first failure on, because nobody can send
//! messages any more if the process ends before. A renewal without an answer is tried again with the same token; one that was
//! refused is not: somebody puts a new refresh token into the settings, and what is to be sent waits meanwhile.

mod actions;
mod store;
mod token;

pub use actions::{access, is_configured, replace, settle, store_held};
