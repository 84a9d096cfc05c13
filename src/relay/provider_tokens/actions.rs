//! Having a good access token.

use std::time::Duration;

use chrono::TimeDelta;
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use super::{store, token::Pair};
use crate::{
    app::App,
    config::Config,
    db::Actor,
    kit::{
        clock::{later, span},
        problem::Problem,
        secret::token_hash,
    },
    outside::zalo::{OaTokens, ZaloError, ZaloFault},
};

/// How long nobody tries again after Zalo gave no usable answer.
const PAUSE: TimeDelta = TimeDelta::seconds(15);
/// What a renewal may take beyond its request.
const MARGIN: Duration = Duration::from_secs(30);

/// Is there an Official Account to send by?
pub fn is_configured(config: &Config) -> bool {
    !config.zalo.oa_refresh_token.expose_secret().is_empty()
}

/// A good access token, renewed when it is time; none while there is no way to have one.
pub async fn access(app: &App) -> Result<Option<SecretString>, Problem> {
    if !is_configured(&app.config) {
        return Ok(None);
    }
    let now = app.clock.now();
    let pair = current(app).await?;
    if !pair.is_to_be_renewed(now) || !pair.is_free(now) {
        return Ok(pair.is_good(now).then_some(pair.access));
    }
    match renew(app, &pair).await? {
        Some(access) => Ok(Some(access)),
        // Somebody else is at it, or it failed: the old one does until it ends.
        None => Ok(pair.is_good(now).then_some(pair.access)),
    }
}

/// Another access token in the place of one that Zalo has called stale.
pub async fn replace(app: &App, stale: &SecretString) -> Result<Option<SecretString>, Problem> {
    let pair = current(app).await?;
    if pair.access.expose_secret() != stale.expose_secret() {
        return Ok(pair.is_good(app.clock.now()).then_some(pair.access));
    }
    // Whatever comes of renewing it, nobody sends by this one any more.
    app.change_as(Actor::system(), async |tx| Ok(store::expire(tx, &pair).await?)).await?;
    if !pair.is_free(app.clock.now()) {
        return Ok(None);
    }
    renew(app, &pair).await
}

/// The pair that is kept; the first time, and when somebody has put a new refresh token into the settings after a failure,
/// one that begins with it.
async fn current(app: &App) -> Result<Pair, Problem> {
    let configured = &app.config.zalo.oa_refresh_token;
    let seed = token_hash(configured.expose_secret());
    let kept = store::find(app.db.reads(), &app.vault).await?;
    if let Some(pair) = kept.filter(|pair| pair.failed_at.is_none() || pair.seed == seed) {
        return Ok(pair);
    }
    app.change_as(Actor::system(), async |tx| {
        let first = Pair {
            access: SecretString::default(),
            refresh: configured.clone(),
            seed: seed.clone(),
            expires_at: tx.now(),
            renewed_at: tx.now(),
            renewing_until: None,
            failed_at: None,
            sealed: String::new(),
        };
        store::begin(tx, &app.vault, &first).await?;
        store::find(tx, &app.vault).await.map(|kept| kept.unwrap_or(first))
    })
    .await
}

/// Renews the pair, if nobody else is at it. None when it cannot be had now.
async fn renew(app: &App, pair: &Pair) -> Result<Option<SecretString>, Problem> {
    let owner = Uuid::now_v7().to_string();
    let longest = Duration::from_secs(app.config.zalo.timeout_seconds).saturating_add(MARGIN);
    let lease = TimeDelta::from_std(longest).unwrap_or(PAUSE);
    let is_mine = app
        .change_as(Actor::system(), async |tx| Ok(store::lease(tx, pair, &owner, later(tx.now(), lease)).await?))
        .await?;
    if !is_mine {
        return Ok(None);
    }
    match app.zalo.refresh_oa_token(pair.refresh.expose_secret()).await {
        Ok(tokens) => keep(app, pair, tokens).await.map(Some),
        Err(error) => {
            give_up(app, &owner, &error).await?;
            Ok(None)
        }
    }
}

async fn keep(app: &App, pair: &Pair, tokens: OaTokens) -> Result<SecretString, Problem> {
    let access = tokens.access_token.clone();
    app.change_as(Actor::system(), async |tx| {
        let life = span(tokens.expires_in);
        let next = Pair {
            access: tokens.access_token,
            refresh: tokens.refresh_token,
            seed: pair.seed.clone(),
            expires_at: later(tx.now(), life),
            renewed_at: tx.now(),
            renewing_until: None,
            failed_at: None,
            sealed: String::new(),
        };
        Ok(store::keep(tx, &app.vault, &next).await?)
    })
    .await?;
    Ok(access)
}

/// Without an answer of Zalo's own nobody knows whether the refresh token is spent. Asking again with the same one does no
/// harm, and finds out: if it was spent, Zalo refuses it, and only that is the end.
async fn give_up(app: &App, owner: &str, error: &ZaloError) -> Result<(), Problem> {
    let is_refused = matches!(error, ZaloError::Refused { .. } | ZaloError::Malformed { .. });
    if !is_refused || matches!(error.class(), ZaloFault::Unavailable | ZaloFault::RetryLater) {
        let is_answer_lost = error.may_have_taken_effect();
        tracing::warn!(%error, is_answer_lost, "the Official Account's token could not be renewed; trying again soon");
        return app
            .change_as(Actor::system(), async |tx| Ok(store::pause(tx, owner, later(tx.now(), PAUSE)).await?))
            .await;
    }
    tracing::error!(
        alarm = "zalo_oa_token",
        %error,
        "the Official Account's token cannot be renewed any more: put a new refresh token into zalo.oa_refresh_token and restart"
    );
    app.change_as(Actor::system(), async |tx| Ok(store::fail(tx, owner).await?)).await
}
