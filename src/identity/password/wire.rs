//! Passwords on the wire.

use serde::Deserialize;
use utoipa::ToSchema;

/// A new password, and the proof that its owner asks.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The one until now.
    #[schema(min_length = 1, max_length = 200, format = Password)]
    pub current_password: String,
    /// The one from now on: at least 12 characters, without your username in it (NIST SP 800-63B, 5.1.1.2).
    #[schema(min_length = 12, max_length = 200, format = Password)]
    pub new_password: String,
}
