//! What people read.

pub mod activities;
