//! Well-known documents over HTTP.

use actix_web::{get, http::header::CACHE_CONTROL, web::Data};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::App,
    kit::{
        http::{Answer, Reply, caller::SCOPES},
        secrets::PublicKey,
    },
};

/// How long clients may keep these documents. A key signs only after it has been published for longer.
const KEPT: &str = "public, max-age=300";

/// A JSON Web Key Set (RFC 7517).
#[derive(Serialize, ToSchema)]
pub struct KeySet {
    /// The keys that verify.
    pub keys: Vec<PublicKey>,
}

/// Authorization server metadata (RFC 8414).
#[derive(Serialize, ToSchema)]
pub struct AuthorizationServer {
    /// Who issues the tokens.
    #[schema(examples("https://thidua.example"))]
    pub issuer: String,
    /// Where staff sign in.
    pub authorization_endpoint: String,
    /// Where codes and secrets become tokens.
    pub token_endpoint: String,
    /// Where tokens are given up.
    pub revocation_endpoint: String,
    /// Where the keys are.
    pub jwks_uri: String,
    /// What apps may ask for.
    pub scopes_supported: &'static [&'static str],
    /// Always codes.
    pub response_types_supported: &'static [&'static str],
    /// What the token endpoint takes.
    pub grant_types_supported: &'static [&'static str],
    /// How clients prove who they are.
    pub token_endpoint_auth_methods_supported: &'static [&'static str],
    /// Always S256.
    pub code_challenge_methods_supported: &'static [&'static str],
    /// How clients prove who they are when they give a token up.
    pub revocation_endpoint_auth_methods_supported: &'static [&'static str],
    /// The answer to a sign-in says who answers (RFC 9207).
    pub authorization_response_iss_parameter_supported: bool,
    /// Where it is all explained.
    pub service_documentation: String,
}

/// List the signing keys
///
/// With these any third party verifies our access tokens (RFC 7517, RFC 8037): EdDSA (Ed25519), `typ` is `at+jwt`
/// (RFC 9068). The key that signs next is among them before it does.
#[utoipa::path(tag = "well_known", responses((status = 200, body = KeySet)))]
#[get("/.well-known/jwks.json")]
pub async fn list_keys(app: Data<App>) -> Answer<KeySet> {
    Ok(Reply::ok(KeySet { keys: app.keys().public_keys(app.clock.now()) }).with(&CACHE_CONTROL, KEPT.to_owned()))
}

/// Find the authorization server
///
/// The endpoints of OAuth 2.0 and what they support (RFC 8414).
#[utoipa::path(tag = "well_known", responses((status = 200, body = AuthorizationServer)))]
#[get("/.well-known/oauth-authorization-server")]
pub async fn find_authorization_server(app: Data<App>) -> Answer<AuthorizationServer> {
    let issuer = app.config.public_url();
    let at = |path: &str| format!("{issuer}{path}");
    let server = AuthorizationServer {
        authorization_endpoint: at("/oauth/authorize"),
        token_endpoint: at("/oauth/token"),
        revocation_endpoint: at("/oauth/revoke"),
        jwks_uri: at("/.well-known/jwks.json"),
        issuer: issuer.clone(),
        scopes_supported: SCOPES,
        response_types_supported: &["code"],
        grant_types_supported: &["authorization_code", "client_credentials", "refresh_token"],
        token_endpoint_auth_methods_supported: &["client_secret_basic", "client_secret_post", "none"],
        code_challenge_methods_supported: &["S256"],
        revocation_endpoint_auth_methods_supported: &["client_secret_basic", "client_secret_post", "none"],
        authorization_response_iss_parameter_supported: true,
        service_documentation: at("/swagger-ui/"),
    };
    Ok(Reply::ok(server).with(&CACHE_CONTROL, KEPT.to_owned()))
}
