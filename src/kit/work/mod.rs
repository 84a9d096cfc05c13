//! Work in the background, and how much of anything goes on at once.

pub mod allowance;
pub mod budget;
pub mod commit_progress;
pub mod concurrency_limit;
pub mod jobs;
pub mod metrics;
pub mod wait;
