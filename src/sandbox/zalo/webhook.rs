//! What the stand-in tells the application of the Mini App: that somebody has withdrawn their consent in Zalo's settings.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::stage::{Person, Stage};

/// Where the application listens, and the key that events are signed with.
pub struct Webhook {
    url: String,
    api_key: SecretString,
}

impl Webhook {
    /// To this address, signed with this key.
    pub fn new(url: String, api_key: &str) -> Self {
        Self { url, api_key: api_key.into() }
    }

    /// Tells that this person has withdrawn their consent. Gives the HTTP status of the answer.
    ///
    /// # Errors
    /// When the application cannot be reached.
    pub async fn revoke_consent(&self, stage: &Stage, person: &Person) -> Result<u16, reqwest::Error> {
        let event = revocation(&stage.app_id, &person.zalo_id, stage.now().timestamp_millis());
        let signature = sign(&event, self.api_key.expose_secret());
        let answer = reqwest::Client::builder()
            .no_proxy()
            .build()?
            .post(&self.url)
            .header("X-ZEvent-Signature", signature)
            .json(&event)
            .send()
            .await?;
        Ok(answer.status().as_u16())
    }
}

fn revocation(app_id: &str, user_id: &str, timestamp: i64) -> Value {
    json!({"event": "user.revoke.consent", "appId": app_id, "userId": user_id, "timestamp": timestamp})
}

/// SHA-256 over the values in the order of their keys, and the key behind them.
fn sign(event: &Value, api_key: &str) -> String {
    let field = |name: &str| match event.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => String::new(),
    };
    let text = ["appId", "event", "timestamp", "userId"].map(field).concat() + api_key;
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
