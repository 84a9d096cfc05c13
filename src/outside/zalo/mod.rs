//! A client of the Zalo platform: who holds a Mini App token, the phone number and place they chose to share, and
//! messages from our Official Account (OA).
//!
//! Zalo answers HTTP 200 to failures too, so every outcome passes through [`ZaloError`], and callers branch on its
//! [`ZaloError::class`]. People are known by two ids here: `id` per Zalo App, `oa_user_id` per Official Account.

use std::time::Duration;

use secrecy::SecretString;

mod client;
mod error;
mod wire;

pub use client::Zalo;
pub use error::{ZaloApi, ZaloError, ZaloFault};

/// Where Zalo is and who we are there.
#[derive(Clone, Debug)]
pub struct ZaloSettings {
    /// Base URL of the graph API (people), `https://graph.zalo.me`.
    pub graph_url: String,
    /// Base URL of the OAuth API (tokens of the OA), `https://oauth.zaloapp.com`.
    pub oauth_url: String,
    /// Base URL of the Official Account API (messages), `https://openapi.zalo.me`.
    pub openapi_url: String,
    /// The id of the Zalo App.
    pub app_id: String,
    /// The secret of the Zalo App. It signs `appsecret_proof` and is sent to Zalo as `secret_key`.
    pub app_secret: SecretString,
    /// Whether calls to the OA API carry `appsecret_proof` too. Some apps are refused (-242) without it.
    pub send_proof_to_oa: bool,
    /// The longest that one call may take, from connecting to the last byte.
    pub timeout: Duration,
}

/// Who holds a Mini App access token. Everything but the id needs a permission that the person may withhold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The person's id within our Zalo App.
    pub id: String,
    /// The name shown on Zalo.
    pub name: Option<String>,
    /// Where their picture is.
    pub picture_url: Option<String>,
    /// The person's id with our OA: whom [`Zalo::send_consultation`] can write to.
    pub oa_user_id: Option<String>,
    /// Do they follow our OA?
    pub follows_oa: Option<bool>,
}

/// A place that a person chose to share, in degrees (WGS 84).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Location {
    /// North is positive.
    pub latitude: f64,
    /// East is positive.
    pub longitude: f64,
}

/// A new pair of tokens of the OA. The refresh token works once: losing it means asking a person for consent again.
#[derive(Clone, Debug)]
pub struct OaTokens {
    /// For [`Zalo::send_consultation`].
    pub access_token: SecretString,
    /// For the next [`Zalo::refresh_oa_token`], within three months.
    pub refresh_token: SecretString,
    /// How long the access token lives, from now.
    pub expires_in: Duration,
}

/// A message that Zalo took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentMessage {
    /// Zalo's id of it, which receipts name.
    pub message_id: String,
}
