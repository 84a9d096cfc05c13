//! Clients of other people's services.

pub mod files;
pub mod zalo;
