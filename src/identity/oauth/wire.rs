//! OAuth 2.0 on the wire.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What a client asks for when it sends somebody to sign in (RFC 6749, 4.1.1; RFC 7636, 4.3).
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct AuthorizeRequest {
    /// Always `code`.
    #[param(example = "code")]
    pub response_type: String,
    /// Which client.
    #[param(example = "swagger-ui")]
    pub client_id: String,
    /// Where to send them back to; registered exactly.
    pub redirect_uri: String,
    /// Given back as it is.
    pub state: String,
    /// What is asked for; staff get what their roles allow, whatever stands here.
    pub scope: String,
    /// PKCE: the hash of the client's verifier.
    pub code_challenge: String,
    /// Always `S256`.
    #[param(example = "S256")]
    pub code_challenge_method: String,
}

/// The sign-in form: the request again, with who signs in.
#[derive(Deserialize, ToSchema)]
pub struct SignInForm {
    /// Which client.
    #[serde(default)]
    pub client_id: String,
    /// Where to send them back to.
    #[serde(default)]
    pub redirect_uri: String,
    /// Given back as it is.
    #[serde(default)]
    pub state: String,
    /// PKCE: the hash of the client's verifier.
    #[serde(default)]
    pub code_challenge: String,
    /// Who.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub username: String,
    /// The proof.
    #[serde(default)]
    #[schema(max_length = 200, format = Password)]
    pub password: String,
    /// From the page that asks for a code: that username and password were right.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub ticket: String,
    /// What the authenticator shows, or a recovery code.
    #[serde(default)]
    #[schema(max_length = 40)]
    pub code: String,
}

impl SignInForm {
    /// Can this be anybody's? No more than the schema of each field says, and nothing that a database cannot keep.
    pub fn is_plausible(&self) -> bool {
        [(&self.username, 100), (&self.password, 200), (&self.ticket, 2000), (&self.code, 40)]
            .into_iter()
            .all(|(text, longest)| text.chars().count() <= longest && !text.contains('\0'))
    }

    /// What the client asked for, to be shown again.
    pub fn request(&self) -> AuthorizeRequest {
        AuthorizeRequest {
            client_id: self.client_id.clone(),
            redirect_uri: self.redirect_uri.clone(),
            state: self.state.clone(),
            code_challenge: self.code_challenge.clone(),
            ..AuthorizeRequest::default()
        }
    }
}

/// What a client gives for a token (RFC 6749, 4.1.3, 4.4.2, 6).
#[derive(Debug, Default, ToSchema)]
pub struct TokenRequest {
    /// `authorization_code`, `client_credentials` or `refresh_token`.
    #[schema(examples("client_credentials"))]
    pub grant_type: String,
    /// The code of the sign-in.
    pub code: Option<String>,
    /// The same as at the sign-in.
    pub redirect_uri: Option<String>,
    /// PKCE: what the challenge was the hash of.
    pub code_verifier: Option<String>,
    /// Which client, unless it stands in `Authorization: Basic`.
    pub client_id: Option<String>,
    /// An app's secret, unless it stands in `Authorization: Basic`.
    pub client_secret: Option<String>,
    /// A refresh token.
    pub refresh_token: Option<String>,
    /// For apps: scopes separated by spaces, absent for all that the app holds.
    pub scope: Option<String>,
}

/// What a client gives up (RFC 7009, 2.1). A hint at its type and the client's id may come along; neither is needed.
#[derive(Debug, Default, ToSchema)]
pub struct RevokeRequest {
    /// A refresh token or an access token; its session ends.
    pub token: String,
    /// What kind of token it is. It is found out without.
    #[expect(dead_code, reason = "named for the document: RFC 7009 lets a server find out by itself")]
    pub token_type_hint: Option<String>,
    /// Which client it was given to, unless it stands in `Authorization: Basic`.
    pub client_id: Option<String>,
    /// An app's secret, unless it stands in `Authorization: Basic`.
    pub client_secret: Option<String>,
}

/// A token (RFC 6749, 5.1).
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenResponse {
    /// A JWT for `Authorization: Bearer`.
    pub access_token: String,
    /// Always `Bearer`.
    #[schema(examples("Bearer"))]
    pub token_type: &'static str,
    /// How many seconds the access token is good for.
    #[schema(examples(900))]
    pub expires_in: u64,
    /// Good once; an app gets none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// What an app may do with it: what it asked for, or all that it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}
