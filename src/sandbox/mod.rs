//! What only demonstrations and tests use: demo data, and a stand-in for the Zalo platform. Nothing else in the code knows of them.

pub mod demo;
pub mod zalo;
