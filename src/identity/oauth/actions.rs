//! Codes and tokens.

use super::{
    error::{OAuthError, Refusal},
    store,
    wire::{RevokeRequest, TokenRequest, TokenResponse},
};
use crate::{
    app::App,
    db::{Actor, Tx},
    identity::{
        apps::{self, ClientApp},
        sessions::{self, TokenPair},
        staff,
    },
    kit::{
        problems::Problem,
        secrets::{
            jwt::ACCESS_TOKEN_LIFE,
            secret::{equal_in_constant_time, sha256, token_hash},
        },
        values::SessionId,
    },
    personal_data,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// How long a verifier is, in characters (RFC 7636, 4.1).
const VERIFIER_LENGTH: std::ops::RangeInclusive<usize> = 43..=128;

/// A code for a session (RFC 6749, 4.1.3). A code that is used twice ends the session it made (RFC 9700, 4.5).
pub async fn exchange_code(
    app: &App,
    request: &TokenRequest,
    device: Option<String>,
    actor: Actor,
) -> Result<TokenResponse, Refusal> {
    let hash = token_hash(request.code.as_deref().ok_or(OAuthError::InvalidRequest)?);
    let verifier = request.code_verifier.as_deref().ok_or(OAuthError::InvalidRequest)?;
    let is_verifier = VERIFIER_LENGTH.contains(&verifier.len());
    if !is_verifier || request.client_id.is_none() || request.redirect_uri.is_none() {
        return Err(OAuthError::InvalidRequest.into());
    }
    let pair = app.change_as(actor, async |tx| redeem(app, tx, request, &hash, verifier, device).await).await?;
    pair.map(TokenResponse::from).ok_or_else(|| OAuthError::InvalidGrant.into())
}

async fn redeem(
    app: &App,
    tx: &Tx,
    request: &TokenRequest,
    hash: &str,
    verifier: &str,
    device: Option<String>,
) -> Result<Option<TokenPair>, Problem> {
    let Some(code) = store::find(tx, hash).await? else { return Ok(None) };
    if code.used_at.is_some() {
        end_session_of(tx, hash).await?;
        return Ok(None);
    }
    let challenge = URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes()));
    let is_good = code.expires_at > tx.now()
        && request.client_id.as_deref() == Some(&code.client_id)
        && request.redirect_uri.as_deref() == Some(&code.redirect_uri)
        && equal_in_constant_time(&challenge, &code.code_challenge);
    if !is_good {
        return Ok(None);
    }
    // The member before their account, as an erasure takes them.
    if !personal_data::try_hold_shared(tx, code.member_id).await? {
        return Ok(None);
    }
    // Held until the session is there: whoever disables the account or resets its password then ends this session too.
    if staff::find_enabled_for_change(tx, code.member_id).await?.is_none() {
        return Ok(None);
    }
    if !store::use_up(tx, hash).await? {
        // Somebody else used it at the same moment, and has committed by now.
        end_session_of(tx, hash).await?;
        return Ok(None);
    }
    let opened = sessions::open(app, tx, code.member_id, &code.client_id, device).await?;
    store::set_session(tx, hash, opened.session_id).await?;
    Ok(Some(opened.tokens))
}

async fn end_session_of(tx: &Tx, hash: &str) -> Result<(), Problem> {
    let session = store::find(tx, hash).await?.and_then(|code| code.session_id);
    if let Some(session) = session {
        tracing::warn!(session.id = %session, "an authorization code was used twice; its session is ended");
        sessions::close(tx, session).await?;
    }
    Ok(())
}

/// A refresh token for a new pair (RFC 6749, 6).
pub async fn exchange_refresh(app: &App, request: &TokenRequest, actor: Actor) -> Result<TokenResponse, Refusal> {
    let token = request.refresh_token.as_deref().ok_or(OAuthError::InvalidRequest)?;
    let client_id = request.client_id.as_deref();
    let pair = app.change_as(actor, async |tx| sessions::renew(app, tx, token, client_id).await).await?;
    pair.map(TokenResponse::from).ok_or_else(|| OAuthError::InvalidGrant.into())
}

/// An app's secret for a token (RFC 6749, 4.4), with what it asks for and no more.
pub async fn exchange_secret(app: &App, request: &TokenRequest) -> Result<TokenResponse, Refusal> {
    let client = authenticate(app, request.client_id.as_deref(), request.client_secret.as_deref()).await?;
    let asked: Vec<&str> = request.scope.as_deref().unwrap_or_default().split_whitespace().collect();
    if asked.iter().any(|scope| !client.scopes.iter().any(|held| held == scope)) {
        return Err(OAuthError::InvalidScope.into());
    }
    let is_granted = |scope: &&String| asked.is_empty() || asked.contains(&scope.as_str());
    let scope = client.scopes.iter().filter(is_granted).cloned().collect::<Vec<_>>().join(" ");
    let token = app
        .keys()
        .sign(app.clock.now(), ACCESS_TOKEN_LIFE, client.id.0, &client.client_id, None, Some(scope.clone()))
        .map_err(Problem::internal)?;
    Ok(TokenResponse {
        access_token: token,
        token_type: "Bearer",
        expires_in: ACCESS_TOKEN_LIFE.as_secs(),
        refresh_token: None,
        scope: Some(scope),
    })
}

/// The app that knows its secret.
async fn authenticate(app: &App, client_id: Option<&str>, secret: Option<&str>) -> Result<ClientApp, Refusal> {
    let client_id = client_id.ok_or(OAuthError::InvalidClient)?;
    let secret = secret.ok_or(OAuthError::InvalidClient)?;
    let client = apps::find_by_client_id(app.db.reads(), client_id).await.map_err(Problem::from)?;
    let is_right = |client: &ClientApp| equal_in_constant_time(&client.secret_hash, &token_hash(secret));
    client.filter(is_right).ok_or_else(|| {
        // 256 random bits that the server has made: no limit is needed against guesses, but somebody may want to know.
        metrics::counter!("thidua_wrong_client_secrets_total").increment(1);
        OAuthError::InvalidClient.into()
    })
}

/// Ends the session of a refresh token or an access token (RFC 7009): whoever holds it may, if they are its client or do
/// not say who they are. An unknown one is no error.
pub async fn revoke(app: &App, request: &RevokeRequest, actor: Actor) -> Result<(), Refusal> {
    if request.client_secret.is_some() {
        authenticate(app, request.client_id.as_deref(), request.client_secret.as_deref()).await?;
    }
    let claims = app.keys().verify(app.clock.now(), &request.token).ok();
    if claims.as_ref().is_some_and(|claims| claims.sid.is_none()) {
        return Err(OAuthError::UnsupportedTokenType.into());
    }
    let session = claims.and_then(|claims| claims.sid).map(SessionId);
    let client_id = request.client_id.as_deref();
    let is_its_own = app
        .change_as(actor, async |tx| match session {
            Some(session) => sessions::close_for(tx, session, client_id).await,
            None => sessions::close_by_token(tx, &request.token, client_id).await,
        })
        .await?;
    if is_its_own { Ok(()) } else { Err(OAuthError::InvalidGrant.into()) }
}

impl From<TokenPair> for TokenResponse {
    fn from(pair: TokenPair) -> Self {
        Self {
            access_token: pair.access_token,
            token_type: pair.token_type,
            expires_in: pair.expires_in,
            refresh_token: Some(pair.refresh_token),
            scope: None,
        }
    }
}
