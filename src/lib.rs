//! Thi Đua: the backend of a mini app for emulation campaigns.
//!
//! The modules stand in the order of their dependencies: each uses only what stands above it. A test keeps it so.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

/// What every handler leans on; knows no room.
pub mod kit;
/// Clients of other people's services.
pub mod outside;
/// Every setting, its default and its meaning.
pub mod config;
/// Connections, transactions, and what differs between SQLite and PostgreSQL.
pub mod db;
/// The tables.
pub mod entity;
/// Who did what: append only, hash-chained.
pub mod audit;
/// Events, and their positions.
pub mod outbox;
/// What hangs on a unit or on a member: each room says it of its own.
pub mod belongings;
/// The shared state, and the one door for changes.
pub mod app;
/// What is held on people: one inventory, exports, erasures.
pub mod personal_data;
/// Units, clusters, members.
pub mod organisation;
/// Sign-in, sessions, roles, keys.
pub mod identity;
/// Campaigns, pledges, check-ins, and the figures that follow from them.
pub mod campaigns;
/// What people read.
pub mod feed;
/// What people are told, and by which channel.
pub mod relay;
/// Liveness, readiness, figures.
pub mod operations;
/// Every operation: one table.
pub mod operation_table;
/// Every route.
pub mod routes;
/// The OpenAPI document.
pub mod openapi;
/// The one factory of the HTTP server.
pub mod server;
/// The stand-in for the Zalo platform, and the demo data.
#[cfg_attr(not(test), expect(clippy::arithmetic_side_effects, reason = "its dates are our own, all of a few years"))]
pub mod sandbox;
/// The command line.
pub mod cli;

/// Chooses the one crypto provider for TLS. First thing in `main` and in each test binary.
pub fn install_crypto() {
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
}
