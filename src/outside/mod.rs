//! Clients of other people's services.

pub mod zalo;
