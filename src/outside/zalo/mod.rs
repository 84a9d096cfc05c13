//! A client of the Zalo platform: who holds a Mini App token, the phone number and place they chose to share, and
//! messages from our Official Account (OA).
//!
//! Every call goes through a gate (`gate`): so many at once, none while Zalo does not answer, and tokens that it has refused
//! are not shown to it again and again. A sign-in is `sign_in`.
//!
//! Zalo answers HTTP 200 to failures too, so every outcome passes through [`ZaloError`], and callers branch on its
//! [`ZaloError::class`]. People are known by two ids here: `id` per Zalo App, `oa_user_id` per Official Account.

use std::time::Duration;

use secrecy::SecretString;

mod breaker;
mod client;
mod error;
mod gate;
mod oa_token;
mod sign_in;
mod wire;

pub use client::Zalo;
pub use error::{ZaloApi, ZaloError, ZaloFault};
pub use oa_token::{OaAccessToken, OaRefreshToken, OaTokens};
pub use sign_in::{Holder, SignIn};

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
    /// How many calls about people are made at once.
    pub calls_at_once: usize,
    /// How many refused tokens a network may have before it waits.
    pub refused_per_network: u32,
    /// How many a minute all networks may have together before those wait that have had any.
    pub refused_in_all: u32,
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

/// A message that Zalo took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentMessage {
    /// Zalo's id of it, which receipts name.
    pub message_id: String,
}
