//! What people read.

pub mod activities;
#[expect(clippy::module_inception, reason = "the noun of `GET /v1/feed`, in the room of the same name")]
pub mod feed;
