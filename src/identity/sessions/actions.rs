//! Opening, renewing and closing sessions.

use std::time::Duration;

use chrono::TimeDelta;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::store;
use crate::{
    app::App,
    audit::{self, Subject},
    db::{Effect, Tx},
    kit::{
        problems::{Code, Problem},
        secrets::{
            jwt::ACCESS_TOKEN_LIFE,
            secret::{random_token, token_hash},
        },
        values::{
            MemberId, SessionId,
            clock::{later, span},
        },
    },
    personal_data,
};

/// The client that members sign in by, with Zalo.
pub const MINI_APP: &str = "mini-app";
/// How long a refresh token waits for its use; each use begins it anew.
const REFRESH_LIFE: TimeDelta = TimeDelta::days(30);
/// The client of tokens that were made on the server's own command line.
const COMMAND_LINE: &str = "command-line";

/// An access token and what renews it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TokenPair {
    /// A JWT of 15 minutes for `Authorization: Bearer`.
    #[schema(examples("eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFZERTQSIsImtpZCI6IjEifQ.e30.c2ln"))]
    pub access_token: String,
    /// Always `Bearer`.
    #[schema(examples("Bearer"))]
    pub token_type: &'static str,
    /// How many seconds the access token is good for.
    #[schema(examples(900))]
    pub expires_in: u64,
    /// Good once, for 30 days. Using it again ends the session.
    #[schema(examples("Zk3J0m7Q2r9xV1n5b8c4d6e0f2g4h6i8j0k2l4m6n8o"))]
    pub refresh_token: String,
}

/// A session that was opened.
#[derive(Debug)]
pub struct Opened {
    /// Which.
    pub session_id: SessionId,
    /// Its first tokens.
    pub tokens: TokenPair,
}

/// Opens a session of this member by this client, on a device of that name.
pub async fn open(
    app: &App,
    tx: &Tx,
    member: MemberId,
    client_id: &str,
    device: Option<String>,
) -> Result<Opened, Problem> {
    let session_id = SessionId::new();
    store::insert(tx, session_id, member, client_id, device, later(tx.now(), REFRESH_LIFE)).await?;
    let tokens = issue(app, tx, member, session_id, client_id).await?;
    Ok(Opened { session_id, tokens })
}

/// Exchanges a refresh token for a new pair. `None` when it is not good; a second use has then ended the session, and this
/// change must still be committed.
pub async fn renew(
    app: &App,
    tx: &Tx,
    refresh_token: &str,
    client_id: Option<&str>,
) -> Result<Option<TokenPair>, Problem> {
    let hash = token_hash(refresh_token);
    let Some(token) = store::find_token(tx, &hash).await? else { return Ok(None) };
    let session_id = token.session_id;
    let Some(session) = store::find(tx, session_id).await? else { return Ok(None) };
    if !personal_data::try_hold_shared(tx, session.member_id).await? {
        return Ok(None);
    }
    // As it is now that nobody is being erased.
    let session = store::find(tx, session_id).await?;
    let Some(session) = session.filter(|session| session.revoked_at.is_none()) else { return Ok(None) };
    if client_id.is_some_and(|client_id| client_id != session.client_id) {
        return Ok(None);
    }
    if !store::use_token(tx, &hash).await? {
        tracing::warn!(session.id = %session_id, "a refresh token was used twice; its session is ended");
        metrics::counter!("thidua_refresh_token_reuses_total").increment(1);
        close(tx, session_id).await?;
        let reason = json!({"reason": "refresh_token_reused"});
        audit::record(tx, "end_session", Subject { kind: "session", id: session_id.0 }, None, Some(reason)).await?;
        return Ok(None);
    }
    if token.expires_at <= tx.now() {
        return Ok(None);
    }
    let member = session.member_id;
    if session.client_id != MINI_APP && store::is_staff_disabled(tx, member).await? {
        close(tx, session_id).await?;
        return Ok(None);
    }
    store::touch(tx, session_id, later(tx.now(), REFRESH_LIFE)).await?;
    issue(app, tx, member, session_id, &session.client_id).await.map(Some)
}

/// Ends a session: its refresh tokens at once, its access tokens within seconds.
pub async fn close(tx: &Tx, session: SessionId) -> Result<(), Problem> {
    store::revoke(tx, session).await?;
    tx.after_commit(Effect::ForgetCallers);
    Ok(())
}

/// Ends a session of the member's own; another's is not found.
pub async fn close_own(tx: &Tx, member: MemberId, session: SessionId) -> Result<(), Problem> {
    let found = store::find(tx, session).await?;
    let is_own = found
        .is_some_and(|found| found.member_id == member && found.revoked_at.is_none() && found.expires_at > tx.now());
    if !is_own {
        return Err(Problem::not_found());
    }
    close(tx, session).await?;
    audit::record(tx, "end_session", Subject { kind: "session", id: session.0 }, None, None).await
}

/// Ends every session of a member but `kept`, and the codes that would become one: their password has changed, or they are
/// not to sign in any more.
pub async fn close_all_of(tx: &Tx, member: MemberId, kept: Option<SessionId>) -> Result<(), Problem> {
    // The codes first: one that is being exchanged is waited for, and its session is there to be ended then.
    store::delete_unused_codes_of(tx, member).await?;
    store::revoke_all_of(tx, member, kept).await?;
    tx.after_commit(Effect::ForgetCallers);
    Ok(())
}

/// Ends the session of a refresh token, unless it is another client's; an unknown one ends nothing. Gives whether the client
/// is the one, as far as it says.
pub async fn close_by_token(tx: &Tx, refresh_token: &str, client_id: Option<&str>) -> Result<bool, Problem> {
    match store::find_token(tx, &token_hash(refresh_token)).await? {
        Some(token) => close_for(tx, token.session_id, client_id).await,
        None => Ok(true),
    }
}

/// Ends a session, unless it is another client's. Gives whether it was this one's, as far as it says.
pub async fn close_for(tx: &Tx, session: SessionId, client_id: Option<&str>) -> Result<bool, Problem> {
    let found = store::find(tx, session).await?;
    if let (Some(found), Some(client_id)) = (&found, client_id)
        && found.client_id != client_id
    {
        return Ok(false);
    }
    close(tx, session).await?;
    Ok(true)
}

/// An access token in a session of its own, for scripts: good for `life`, which for a demonstration is longer than
/// `ACCESS_TOKEN_LIFE`, and without a refresh token. Who holds it is looked up all the same: closing the session ends it.
pub async fn token_for_scripts(app: &App, tx: &Tx, member: MemberId, life: Duration) -> Result<String, Problem> {
    let session_id = SessionId::new();
    let expires_at = later(tx.now(), span(life));
    store::insert(tx, session_id, member, COMMAND_LINE, None, expires_at).await?;
    app.keys().sign(tx.now(), life, member.0, COMMAND_LINE, Some(session_id.0), None).map_err(Problem::internal)
}

async fn issue(
    app: &App,
    tx: &Tx,
    member: MemberId,
    session: SessionId,
    client_id: &str,
) -> Result<TokenPair, Problem> {
    let refresh_token = random_token();
    store::insert_token(tx, token_hash(&refresh_token), session, later(tx.now(), REFRESH_LIFE)).await?;
    let access_token = app
        .keys()
        .sign(tx.now(), ACCESS_TOKEN_LIFE, member.0, client_id, Some(session.0), None)
        .map_err(Problem::internal)?;
    Ok(TokenPair { access_token, token_type: "Bearer", expires_in: ACCESS_TOKEN_LIFE.as_secs(), refresh_token })
}

impl TokenPair {
    /// The pair, or the problem of a refresh token that is not good.
    pub fn or_refused(pair: Option<Self>) -> Result<Self, Problem> {
        pair.ok_or_else(|| Problem::new(Code::InvalidRefreshToken))
    }
}
