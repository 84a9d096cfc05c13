//! Sign-in on the wire.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::{identity::sessions::TokenPair, kit::http::Role, organisation::members::MemberView};

/// What a Mini App got from Zalo.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ZaloSignIn {
    /// From `getAccessToken()`.
    #[schema(min_length = 1, max_length = 4096, examples("zalo-demo-access-token-1"))]
    pub access_token: String,
    /// From `getPhoneNumber()`: links an imported member. Good for 2 minutes, once. An empty one is none: Zalo gives such to an
    /// app in development.
    #[serde(default, deserialize_with = "unless_empty")]
    #[schema(value_type = Option<String>, max_length = 4096)]
    pub phone_code: Option<String>,
    /// From `getLocation()`. It is exchanged to prove that the phone is where it says, and not kept. An empty one
    /// is none.
    #[serde(default, deserialize_with = "unless_empty")]
    #[schema(value_type = Option<String>, max_length = 4096)]
    pub location_code: Option<String>,
}

fn unless_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::<String>::deserialize(deserializer).map(|code| code.filter(|code| !code.is_empty()))
}

/// A refresh token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshRequest {
    /// The one that came with the last access token.
    #[schema(min_length = 1, max_length = 200, examples("Zk3J0m7Q2r9xV1n5b8c4d6e0f2g4h6i8j0k2l4m6n8o"))]
    pub refresh_token: String,
}

/// A session that was opened.
#[derive(Serialize, ToSchema)]
pub struct SignedInView {
    /// The tokens.
    #[serde(flatten)]
    pub tokens: TokenPair,
    /// Who is signed in.
    pub member: OwnProfile,
}

/// A member as they see themselves.
#[derive(Serialize, ToSchema)]
pub struct OwnProfile {
    /// The public part.
    #[serde(flatten)]
    pub member: MemberView,
    /// The highest role held today.
    pub role: Role,
}
