//! What a member may agree to.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a member may agree to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ConsentKind)]
pub enum Consent {
    /// The terms of use and the notice on personal data. Without them one leaves.
    Terms,
    /// Messages of the Official Account on Zalo.
    OaMessages,
    /// Keeping where a check-in was made.
    Location,
    /// Publishing photos with the member in them.
    PhotoPublication,
}

impl Consent {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Terms, Self::OaMessages, Self::Location, Self::PhotoPublication];

    /// The name on the wire and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Terms => "terms",
            Self::OaMessages => "oa_messages",
            Self::Location => "location",
            Self::PhotoPublication => "photo_publication",
        }
    }

    /// Is it asked of everybody?
    pub const fn is_required(self) -> bool {
        matches!(self, Self::Terms)
    }
}
