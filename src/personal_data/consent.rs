//! What a member may agree to. Each optional one has a place in the code that asks for it: nobody is asked for a use that
//! there is not.

pub use crate::entity::consent::Consent;

impl Consent {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Terms, Self::OaMessages, Self::Location];

    /// Is it asked of everybody?
    pub const fn is_required(self) -> bool {
        matches!(self, Self::Terms)
    }
}
