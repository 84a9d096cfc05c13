//! Codes and tokens.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Duration;

use super::{
    error::{OAuthError, Refusal},
    store::{self, NewCode},
    wire::{SignInForm, TokenRequest, TokenResponse},
};
use crate::{
    app::App,
    audit::{self, Subject},
    db::{Actor, Tx},
    identity::{
        apps,
        sessions::{self, TokenPair},
        staff,
    },
    kit::{
        ids::{MemberId, SessionId},
        jwt::ACCESS_TOKEN_LIFE,
        problem::Problem,
        secret::{equal_in_constant_time, random_token, sha256, token_hash},
    },
};

const CODE_LIFE: Duration = Duration::seconds(60);

/// Checks who signs in and gives a code; none when username and password do not fit.
pub async fn sign_in(app: &App, form: &SignInForm, actor: Actor) -> Result<Option<String>, Problem> {
    let account = staff::find(app.db.reads(), &form.username).await?;
    let stored = account.as_ref().map(|account| account.password_hash.clone());
    let is_right = staff::verify(&app.hashing, form.password.clone(), stored).await?;
    let Some(account) = account.filter(|_| is_right) else { return Ok(None) };
    let code = random_token();
    app.change_as(actor, async |tx| {
        let new = NewCode {
            hash: token_hash(&code),
            client_id: &form.client_id,
            member_id: account.member_id,
            redirect_uri: &form.redirect_uri,
            code_challenge: &form.code_challenge,
            expires_at: tx.now() + CODE_LIFE,
        };
        store::insert(tx, new).await?;
        let after = serde_json::json!({"client_id": form.client_id});
        audit::record(tx, "sign_in_staff", Subject { kind: "member", id: account.member_id.0 }, None, Some(after)).await
    })
    .await?;
    Ok(Some(code))
}

/// A code for a session (RFC 6749, 4.1.3). A code that is used twice ends the session it made (RFC 9700, 4.5).
pub async fn exchange_code(app: &App, request: &TokenRequest, actor: Actor) -> Result<TokenResponse, Refusal> {
    let hash = token_hash(request.code.as_deref().ok_or(OAuthError::InvalidRequest)?);
    let verifier = request.code_verifier.as_deref().ok_or(OAuthError::InvalidRequest)?;
    let pair = app.change_as(actor, async |tx| redeem(app, tx, request, &hash, verifier).await).await?;
    pair.map(TokenResponse::from).ok_or_else(|| OAuthError::InvalidGrant.into())
}

async fn redeem(
    app: &App,
    tx: &Tx,
    request: &TokenRequest,
    hash: &str,
    verifier: &str,
) -> Result<Option<TokenPair>, Problem> {
    let Some(code) = store::find(tx, hash).await? else { return Ok(None) };
    if let Some(session) = code.session_id {
        tracing::warn!(session.id = %session, "an authorization code was used twice; its session is ended");
        sessions::close(tx, SessionId(session)).await?;
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
    let opened = sessions::open(app, tx, MemberId(code.member_id), &code.client_id).await?;
    if !store::use_up(tx, hash, opened.session_id).await? {
        sessions::close(tx, opened.session_id).await?;
        return Ok(None);
    }
    Ok(Some(opened.tokens))
}

/// A refresh token for a new pair (RFC 6749, 6).
pub async fn exchange_refresh(app: &App, request: &TokenRequest, actor: Actor) -> Result<TokenResponse, Refusal> {
    let token = request.refresh_token.as_deref().ok_or(OAuthError::InvalidRequest)?;
    let client_id = request.client_id.as_deref();
    let pair = app.change_as(actor, async |tx| sessions::renew(app, tx, token, client_id).await).await?;
    pair.map(TokenResponse::from).ok_or_else(|| OAuthError::InvalidGrant.into())
}

/// An app's secret for a token (RFC 6749, 4.4).
pub async fn exchange_secret(app: &App, request: &TokenRequest) -> Result<TokenResponse, Refusal> {
    let client_id = request.client_id.as_deref().ok_or(OAuthError::InvalidClient)?;
    let secret = request.client_secret.as_deref().ok_or(OAuthError::InvalidClient)?;
    let client = apps::find_by_client_id(app.db.reads(), client_id).await.map_err(Problem::from)?;
    let client = client
        .filter(|client| equal_in_constant_time(&client.secret_hash, &token_hash(secret)))
        .ok_or(OAuthError::InvalidClient)?;
    let asked: Vec<&str> = request.scope.as_deref().unwrap_or_default().split_whitespace().collect();
    if asked.iter().any(|scope| !client.scopes.iter().any(|held| held == scope)) {
        return Err(OAuthError::InvalidScope.into());
    }
    let scope = client.scopes.join(" ");
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

/// Ends the session of a refresh token (RFC 7009): whoever holds it may; an unknown one is no error.
pub async fn revoke(app: &App, token: &str, actor: Actor) -> Result<(), Problem> {
    app.change_as(actor, async |tx| sessions::close_by_token(tx, token).await).await
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
