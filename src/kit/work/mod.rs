//! Work in the background, and how much of anything goes on at once.

pub mod allowance;
pub mod budget;
pub mod commit_progress;
pub mod concurrency_limit;
pub mod jobs;
pub mod metrics;
pub mod wait;

pub use allowance::{Allowance, Metered};
pub use budget::Budget;
pub use commit_progress::{CommitProgress, CommitState, SentCommit};
pub use concurrency_limit::ConcurrencyLimit;
pub use jobs::{Jobs, Schedule, Waiting, Worked};
pub use wait::Wait;
