//! The one integration-test binary: sentences that are true, through HTTP, on a real database. The folders are the rooms.
//!
//! SQLite by default; with `TEST_DATABASE_URL=postgres://…` the same tests run on PostgreSQL, each in a database of its own.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod harness;

mod campaigns;
mod feed;
mod identity;
mod kit;
mod operations;
mod organisation;
mod relay;
