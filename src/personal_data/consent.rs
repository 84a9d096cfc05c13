//! What a member may agree to. Each optional one has a place in the code that asks for it: nobody is asked for a use that
//! there is not.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a member may agree to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ConsentKind)]
pub enum Consent {
    /// The terms of use and the notice on personal data: the proof that they were shown and agreed to. The app shows them at
    /// the first sign-in, and whoever does not want them leaves; the server refuses nothing for want of it.
    Terms,
    /// Messages of the Official Account on Zalo.
    OaMessages,
    /// Keeping where a check-in was made.
    Location,
}

impl Consent {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Terms, Self::OaMessages, Self::Location];

    /// The name on the wire and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Terms => "terms",
            Self::OaMessages => "oa_messages",
            Self::Location => "location",
        }
    }

    /// Is it asked of everybody?
    pub const fn is_required(self) -> bool {
        matches!(self, Self::Terms)
    }
}
