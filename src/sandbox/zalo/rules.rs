//! How Zalo judges a call: what it checks, in which order, and the numbers of its refusals.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    stage::{Person, REFRESH_LIFE, Sent, Shares, Stage},
    token::{Purpose, hmac_hex},
};
use crate::kit::secrets::secret::equal_in_constant_time;

/// 25 hours, as Zalo's `expires_in` of "90000".
const ACCESS_LIFE: TimeDelta = TimeDelta::seconds(90_000);
/// In characters.
const LONGEST_TEXT: usize = 2_000;
/// The middle of Đà Lạt, where everybody is.
const PLACE: (&str, &str) = ("11.940419", "108.458313");

/// Why Zalo said no. Its HTTP status is 200 all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub error: i64,
    pub message: String,
}

impl Refusal {
    fn new(error: i64, message: impl Into<String>) -> Self {
        Self { error, message: message.into() }
    }

    /// Zalo names the field.
    fn invalid(field: &str) -> Self {
        Self::new(-201, format!("{field} is invalid!"))
    }

    /// The number is known from the Official Account API; for the graph API none is published, so it is used there too.
    fn proof() -> Self {
        Self::new(-242, "Invalid appsecret_proof provided in the API argument")
    }
}

/// `POST /v4/oa/access_token`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct TokenRequest {
    pub app_id: String,
    pub grant_type: String,
    pub refresh_token: String,
}

/// A new pair of tokens.
#[derive(Clone, Debug)]
pub struct TokenPair {
    pub access_token: String,
    pub refresh_token: String,
    /// Seconds, which Zalo writes as text.
    pub expires_in: String,
}

/// `POST /v3.0/oa/message/cs`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewMessage {
    pub recipient: Recipient,
    pub message: Text,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Recipient {
    pub user_id: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Text {
    pub text: String,
}

/// A message that was taken.
#[derive(Clone, Debug)]
pub struct Receipt {
    pub message_id: String,
    pub user_id: String,
    pub sent_time: DateTime<Utc>,
}

impl Stage {
    /// Who holds this Mini App token, provided that the caller knows the app's secret.
    pub fn profile(&self, access_token: &str, proof: &str) -> Result<&Person, Refusal> {
        if !self.proves(access_token, proof) {
            return Err(Refusal::proof());
        }
        self.signed_in(access_token)
    }

    /// What a code of the token's holder stands for, in the shape of Zalo's `data`. The code is spent.
    pub fn shared(&self, access_token: &str, code: &str, secret_key: &str) -> Result<Value, Refusal> {
        // For a wrong secret and for a spent code no numbers are published; 100 is "Invalid parameter".
        if !equal_in_constant_time(secret_key, &self.app_secret) {
            return Err(Refusal::new(100, "Invalid parameter: secret_key"));
        }
        let person = self.signed_in(access_token)?;
        match self.spend_code(code, person) {
            Some(Shares::Phone) => Ok(json!({ "number": person.phone })),
            Some(Shares::Location) => Ok(json!({
                "provider": "gps",
                "latitude": PLACE.0,
                "longitude": PLACE.1,
                "timestamp": self.now().timestamp_millis().to_string(),
            })),
            None => Err(Refusal::new(100, "Invalid parameter: code")),
        }
    }

    /// The next pair of tokens for a refresh token, which is spent.
    pub fn refresh(&self, request: &TokenRequest, secret_key: &str) -> Result<TokenPair, Refusal> {
        if request.app_id != self.app_id || !equal_in_constant_time(secret_key, &self.app_secret) {
            return Err(Refusal::new(-14002, "Application is not active or its secret key is wrong"));
        }
        // OAuth's table of errors is not published: this number stands for whatever Zalo says.
        if request.grant_type != "refresh_token" {
            return Err(Refusal::new(-14001, "Grant type is not supported"));
        }
        if !self.spend(&request.refresh_token) {
            return Err(Refusal::new(-14020, "Refresh token is invalid, expired or already used"));
        }
        Ok(TokenPair {
            access_token: self.issue(Purpose::Access, ACCESS_LIFE),
            refresh_token: self.issue(Purpose::Refresh, REFRESH_LIFE),
            expires_in: ACCESS_LIFE.num_seconds().to_string(),
        })
    }

    /// Takes a consultation message. `None` for a body that is not a message. The proof is optional here, but must be
    /// right when there is one.
    pub fn send(
        &self,
        access_token: &str,
        proof: Option<&str>,
        message: Option<NewMessage>,
    ) -> Result<Receipt, Refusal> {
        if !self.accepts(access_token) {
            return Err(Refusal::new(-216, "Access token is invalid"));
        }
        if proof.is_some_and(|proof| !self.proves(access_token, proof)) {
            return Err(Refusal::proof());
        }
        let NewMessage { recipient: Recipient { user_id }, message: Text { text } } =
            message.ok_or_else(|| Refusal::invalid("body"))?;
        let person = self.person_known_to_oa(&user_id).ok_or_else(|| Refusal::invalid("recipient.user_id"))?;
        if text.trim().is_empty() || text.chars().count() > LONGEST_TEXT {
            return Err(Refusal::invalid("message.text"));
        }
        if !person.follows_oa {
            return Err(Refusal::new(-213, "User has not followed OA"));
        }
        if !person.inside_window {
            return Err(Refusal::new(-230, "User has not interacted with the OA in the past 7 days"));
        }
        let sent_time = self.now();
        let sent = Sent { kind: "consultation", to: user_id.clone(), text, at: sent_time };
        Ok(Receipt { message_id: self.record_sent(sent), user_id, sent_time })
    }

    fn signed_in(&self, access_token: &str) -> Result<&Person, Refusal> {
        self.person_with_token(access_token).ok_or_else(|| Refusal::new(452, "Session key invalid"))
    }

    fn proves(&self, token: &str, proof: &str) -> bool {
        equal_in_constant_time(proof, &hmac_hex(&self.app_secret, token))
    }
}
