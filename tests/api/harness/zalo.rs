//! The stand-in for the Zalo platform, on a port of its own.
pub struct ZaloStandIn;
