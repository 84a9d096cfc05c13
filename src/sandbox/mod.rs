//! What only demonstrations and tests use: a stand-in for the Zalo platform. Nothing else in the code knows that it is one.

pub mod zalo;
