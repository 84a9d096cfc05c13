//! The ways out. Each channel is a file of its own that sends one message and says what came of it in the words of
//! `deliveries::Outcome`; it knows nothing of leases and attempts.

pub mod zalo_oa;

use crate::personal_data::Consent;

/// A channel by which messages leave the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Consultation messages of our Zalo Official Account.
    ZaloOa,
}

impl Channel {
    /// The name on the wire and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ZaloOa => "zalo_oa",
        }
    }

    /// Without which consent nothing goes out by it.
    pub const fn consent(self) -> Consent {
        match self {
            Self::ZaloOa => Consent::OaMessages,
        }
    }
}
