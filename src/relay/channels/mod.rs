//! The ways out. Each channel is a file of its own that sends one message and says what came of it in the words of
//! `deliveries::Outcome`; it knows nothing of leases and attempts.

pub mod zalo_oa;

pub use crate::entity::delivery::Channel;
use crate::personal_data::Consent;

impl Channel {
    /// Without which consent nothing goes out by it.
    pub const fn consent(self) -> Consent {
        match self {
            Self::ZaloOa => Consent::OaMessages,
        }
    }
}
