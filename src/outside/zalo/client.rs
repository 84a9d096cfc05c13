//! The calls themselves. Secrets travel in headers marked as sensitive or in a form, never in a URL.

use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::{Client, RequestBuilder, header::HeaderValue, redirect};
use secrecy::ExposeSecret as _;
use serde::de::DeserializeOwned;
use serde_json::json;
use sha2::Sha256;

use super::{
    Location, OaAccessToken, OaRefreshToken, OaTokens, Profile, SentMessage, ZaloApi, ZaloError, ZaloFault,
    ZaloSettings, gate::Gate, wire,
};
use crate::kit::{
    secrets::secret::to_hex,
    values::{Clock, text::nfc},
};

/// All that sign-in may use. Zalo leaves out what the person or the linking of App and OA does not allow.
const PROFILE_FIELDS: &str = "id,name,picture,user_id_by_oa,is_follower";
/// The longest text of a message, in characters of the NFC form.
const LONGEST_TEXT: usize = 2_000;
/// No answer of Zalo's is longer, in bytes.
const LONGEST_ANSWER: usize = 256 * 1024;

/// The Zalo platform. Clones share their connections, and what bounds their calls.
#[derive(Clone)]
pub struct Zalo {
    http: Client,
    settings: Arc<ZaloSettings>,
    gate: Arc<Gate>,
}

impl Zalo {
    /// A client with these settings.
    ///
    /// # Errors
    /// When TLS cannot be set up, for example because the system has no certificate authorities.
    pub fn new(settings: ZaloSettings, clock: &Clock) -> Result<Self, reqwest::Error> {
        let gate = Arc::new(Gate::new(&settings, clock));
        Ok(Self { http: http_client(&settings)?, settings: Arc::new(settings), gate })
    }

    /// Is this API left alone at the moment, because it does not answer?
    pub fn is_circuit_open(&self, api: ZaloApi) -> bool {
        self.gate.is_open(api)
    }

    pub(super) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Who holds this Mini App access token.
    ///
    /// # Errors
    /// [`BadToken`](ZaloFault::BadToken) when the token is forged, revoked or too old.
    pub(super) async fn profile(&self, access_token: &str) -> Result<Profile, ZaloError> {
        let request = self
            .http
            .get(url(&self.settings.graph_url, "/v2.0/me"))
            .query(&[("fields", PROFILE_FIELDS)])
            .header("access_token", secret_header(access_token, ZaloFault::BadToken)?)
            .header("appsecret_proof", self.proof(access_token));
        self.ask::<wire::Person>(ZaloApi::Graph, request).await.map(Profile::from)
    }

    /// Could this be a token of Zalo's? What is none is not sent.
    pub(super) fn may_be_token(&self, text: &str) -> Result<(), ZaloError> {
        secret_header(text, ZaloFault::BadToken).map(|_header| ())
    }

    /// The phone number behind a code from `getPhoneNumber`, as `849...` without a plus. The code works once, within
    /// two minutes, together with an access token of the same person.
    ///
    /// # Errors
    /// [`BadPayload`](ZaloFault::BadPayload) when the code is spent; do not repeat the call with it.
    pub(super) async fn phone_number(&self, access_token: &str, phone_code: &str) -> Result<String, ZaloError> {
        let shared: wire::Wrapped<wire::Phone> = self.shared(access_token, phone_code).await?;
        Ok(shared.data.into())
    }

    /// The place behind a code from `getLocation`. The code works once, like that of a phone number.
    ///
    /// # Errors
    /// As [`Zalo::phone_number`].
    pub(super) async fn location(&self, access_token: &str, location_code: &str) -> Result<Location, ZaloError> {
        let shared: wire::Wrapped<wire::Place> = self.shared(access_token, location_code).await?;
        Ok(shared.data.into())
    }

    /// Spends a refresh token of the OA and gives the next pair, to be stored before it is used.
    ///
    /// # Errors
    /// Never repeat the call when the error [may have taken effect](ZaloError::may_have_taken_effect): the old token
    /// may be spent and the new one lost, which a person must mend.
    pub async fn refresh_oa_token(&self, refresh_token: &OaRefreshToken) -> Result<OaTokens, ZaloError> {
        let form = [
            ("refresh_token", refresh_token.expose()),
            ("app_id", &self.settings.app_id),
            ("grant_type", "refresh_token"),
        ];
        let request = self
            .http
            .post(url(&self.settings.oauth_url, "/v4/oa/access_token"))
            .header("secret_key", self.app_secret()?)
            .form(&form);
        self.ask::<wire::Tokens>(ZaloApi::OAuth, request).await.map(OaTokens::from)
    }

    /// Sends a consultation message from the OA. Zalo takes it when the person wrote to the OA, followed it or pressed
    /// something there within the last seven days. A text over 2,000 characters is cut. Sent twice, it arrives twice.
    ///
    /// # Errors
    /// [`RefreshOaToken`](ZaloFault::RefreshOaToken) when the token is stale,
    /// [`NeverThisRecipient`](ZaloFault::NeverThisRecipient) when the person cannot be written to now.
    pub async fn send_consultation(
        &self,
        oa_access_token: &OaAccessToken,
        oa_user_id: &str,
        text: &str,
    ) -> Result<SentMessage, ZaloError> {
        let body = json!({ "recipient": { "user_id": oa_user_id }, "message": { "text": fitting(text) } });
        let mut request = self
            .http
            .post(url(&self.settings.openapi_url, "/v3.0/oa/message/cs"))
            .header("access_token", secret_header(oa_access_token.expose(), ZaloFault::RefreshOaToken)?)
            .json(&body);
        if self.settings.send_proof_to_oa {
            request = request.header("appsecret_proof", self.proof(oa_access_token.expose()));
        }
        let receipt: wire::Wrapped<wire::Receipt> = self.ask(ZaloApi::OfficialAccount, request).await?;
        Ok(receipt.data.into())
    }

    /// Exchanges a code for what the person shared. This endpoint wants the raw secret, no proof.
    async fn shared<T: DeserializeOwned>(&self, access_token: &str, code: &str) -> Result<T, ZaloError> {
        let request = self
            .http
            .get(url(&self.settings.graph_url, "/v2.0/me/info"))
            .header("access_token", secret_header(access_token, ZaloFault::BadToken)?)
            .header("code", secret_header(code, ZaloFault::BadPayload)?)
            .header("secret_key", self.app_secret()?);
        self.ask(ZaloApi::Graph, request).await
    }

    /// Sends the request when it may be sent, reads the answer, and counts what went wrong.
    async fn ask<T: DeserializeOwned>(&self, api: ZaloApi, request: RequestBuilder) -> Result<T, ZaloError> {
        let _turn = self.gate.turn(api).await?;
        let pass = self.gate.admit(api)?;
        let answer = try_to_ask(api, request).await;
        pass.report(!answer.as_ref().is_err_and(ZaloError::is_outage));
        if let Err(error) = &answer {
            let labels = [("api", api.to_string()), ("class", error.class().name().to_owned())];
            metrics::counter!("thidua_zalo_errors_total", &labels).increment(1);
        }
        answer
    }

    fn app_secret(&self) -> Result<HeaderValue, ZaloError> {
        secret_header(self.settings.app_secret.expose_secret(), ZaloFault::NeedsHuman)
    }

    fn proof(&self, token: &str) -> String {
        appsecret_proof(self.settings.app_secret.expose_secret(), token)
    }
}

/// The connection pool: no redirects and no proxies, so that secrets go where the settings say and nowhere else.
fn http_client(settings: &ZaloSettings) -> Result<Client, reqwest::Error> {
    // One provider serves the whole process; whoever came first has installed it.
    let _already_installed = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder().timeout(settings.timeout).redirect(redirect::Policy::none()).no_proxy();
    let plain = [&settings.graph_url, &settings.oauth_url, &settings.openapi_url]
        .iter()
        .all(|base| base.starts_with("http://"));
    // Plain HTTP needs no certificate authorities: reading the system's takes time, and fails where there are none.
    if plain { builder.tls_certs_only([]).build() } else { builder.build() }
}

async fn try_to_ask<T: DeserializeOwned>(api: ZaloApi, request: RequestBuilder) -> Result<T, ZaloError> {
    let mut response = request.send().await?;
    let status = response.status();
    if !status.is_success() {
        return Err(ZaloError::Status { api, status: status.as_u16() });
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len().saturating_add(chunk.len()) > LONGEST_ANSWER {
            return Err(ZaloError::Unreadable { api, fault: serde_json::error::Category::Io });
        }
        body.extend_from_slice(&chunk);
    }
    wire::read(api, &body)
}

fn url(base: &str, path: &str) -> String {
    format!("{}{path}", base.trim_end_matches('/'))
}

/// A header that Debug does not show. What has other characters than those that are seen in ASCII is none of Zalo's,
/// and `fault` says what that means; a space would be lost on the way, and the proof then be wrong.
fn secret_header(secret: &str, fault: ZaloFault) -> Result<HeaderValue, ZaloError> {
    let plain = secret.bytes().all(|byte| byte.is_ascii_graphic());
    let value = HeaderValue::from_str(secret).ok().filter(|_| plain);
    let mut value = value.ok_or(ZaloError::Malformed { fault })?;
    value.set_sensitive(true);
    Ok(value)
}

/// Proof that the caller knows the app's secret: HMAC-SHA256 of the token in lower-case hexadecimal.
fn appsecret_proof(app_secret: &str, token: &str) -> String {
    // HMAC takes keys of any length (RFC 2104), so there is always a proof.
    Hmac::<Sha256>::new_from_slice(app_secret.as_bytes())
        .map(|hmac| to_hex(&hmac.chain_update(token).finalize().into_bytes()))
        .unwrap_or_default()
}

/// The text as Zalo measures it, in NFC, cut to the longest that it takes.
fn fitting(text: &str) -> String {
    nfc(text).chars().take(LONGEST_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proof_is_the_hmac_of_the_token() {
        // RFC 4231, test case 2.
        assert_eq!(
            appsecret_proof("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn decomposed_text_is_composed_before_it_is_measured() {
        let decomposed = "e\u{0302}\u{0301}".repeat(LONGEST_TEXT);

        assert_eq!(fitting(&decomposed), "ế".repeat(LONGEST_TEXT));
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        let text = format!("{}đường quê", "a".repeat(LONGEST_TEXT - 1));

        assert_eq!(fitting(&text), format!("{}đ", "a".repeat(LONGEST_TEXT - 1)));
        assert_eq!(fitting("Thắp sáng đường quê"), "Thắp sáng đường quê");
    }

    #[test]
    fn no_secret_shows_in_debug() {
        let header = secret_header("very-secret", ZaloFault::BadToken).unwrap();

        assert!(!format!("{header:?}").contains("very-secret"));
    }

    #[test]
    fn what_zalo_never_wrote_is_not_sent() {
        for text in ["two\nlines", "space ", "tiếng Việt"] {
            let error = secret_header(text, ZaloFault::BadPayload).unwrap_err();

            assert_eq!(error.class(), ZaloFault::BadPayload);
        }
    }
}
