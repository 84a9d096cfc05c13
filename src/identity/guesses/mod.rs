//! Wrong guesses at what people choose or type: passwords, codes of a second factor, recovery codes. They are counted in the
//! database, so that all replicas count together: by account, by network, and all together. Only wrong ones are written, and
//! only until a limit is reached, so the rows of a window are fewer than a few times the largest limit. A browser that the
//! owner has signed in on is counted by itself, in memory (`kit::http::rate_limit::Guesses`), and never here.
//!
//! Secrets that the server makes (client secrets, refresh tokens, codes of the sign-in page) have 256 random bits. Nobody
//! guesses them, and no limit is needed for that.

mod actions;
mod bucket;
mod store;

pub use actions::{Guessing, prune};
