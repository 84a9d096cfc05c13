//! Having a good access token.

use std::time::Duration;

use chrono::TimeDelta;
use secrecy::ExposeSecret as _;
use tokio::{task, time::timeout};
use uuid::Uuid;

use super::{
    store::{self, Kept},
    token::Pair,
};
use crate::{
    app::{App, HeldPair},
    config::Config,
    db::Actor,
    kit::{
        problems::Problem,
        secrets::{Vault, secret::token_hash},
        values::{
            Clock,
            clock::{later, span},
        },
    },
    outside::zalo::{OaAccessToken, OaRefreshToken, OaTokens, ZaloError, ZaloFault},
};

/// How long nobody tries again after Zalo gave no usable answer.
const PAUSE: TimeDelta = TimeDelta::seconds(15);
/// What a renewal may take beyond its request, storing it included: nobody else spends the same refresh token meanwhile.
const MARGIN: Duration = Duration::from_secs(120);
/// How long a process that ends tries to store what it holds.
const LAST_TRIES: Duration = Duration::from_secs(8);
/// How long it waits between those tries.
const LAST_WAITS: [Duration; 4] =
    [Duration::from_millis(250), Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];

/// Is there an Official Account to send by?
pub fn is_configured(config: &Config) -> bool {
    configured(config).is_some()
}

fn configured(config: &Config) -> Option<OaRefreshToken> {
    OaRefreshToken::new(config.zalo.oa_refresh_token.expose_secret())
}

/// A good access token, renewed when it is time; none while there is no way to have one.
pub async fn access(app: &App) -> Result<Option<OaAccessToken>, Problem> {
    let Some(configured) = configured(&app.config) else { return Ok(None) };
    if let Some(held) = app.held_tokens.get() {
        // The one before it, which the database has, is good no more and must not be spent again.
        return Ok((app.clock.now() < held.expires_at).then_some(held.access));
    }
    let pair = current(app, &configured).await?;
    let now = app.clock.now();
    if pair.is_to_be_renewed(now)
        && pair.is_free(now)
        && let Some(access) = renew(app, &pair).await?
    {
        return Ok(Some(access));
    }
    // Somebody else is at it, or it failed: the old one does until it ends.
    Ok(pair.usable(app.clock.now()))
}

/// Another access token in the place of one that Zalo has called stale.
pub async fn replace(app: &App, stale: &OaAccessToken) -> Result<Option<OaAccessToken>, Problem> {
    let Some(configured) = configured(&app.config) else { return Ok(None) };
    if let Some(held) = app.held_tokens.get() {
        let is_good = held.access != *stale && app.clock.now() < held.expires_at;
        return Ok(is_good.then_some(held.access));
    }
    let pair = current(app, &configured).await?;
    if pair.access.as_ref() != Some(stale) {
        return Ok(pair.usable(app.clock.now()));
    }
    // Whatever comes of renewing it, nobody sends by this one any more.
    app.change_as(Actor::system(), async |tx| Ok(store::expire(tx, &pair).await?)).await?;
    if !pair.is_free(app.clock.now()) {
        return Ok(None);
    }
    renew(app, &pair).await
}

/// Stores the pair that is held, if there is one and it is time to try again. A step of the relay: the pair is tried for as
/// long as this process lives.
pub async fn store_held(app: &App) {
    if let Some(held) = app.held_tokens.due(app.clock.now()) {
        try_to_store(app, &held).await;
    }
}

/// Stores it before the process ends; what cannot be stored is lost, and said.
pub async fn settle(app: &App) {
    let tries = async {
        for wait in LAST_WAITS {
            let Some(held) = app.held_tokens.get() else { return };
            if try_to_store(app, &held).await {
                return;
            }
            tokio::time::sleep(wait).await;
        }
    };
    // A database that does not answer must not keep the process from ending.
    let _in_time = timeout(LAST_TRIES, tries).await;
    if app.held_tokens.get().is_some() {
        tracing::error!(
            alarm = "zalo_oa_token_lost",
            "this process ends with a token pair of the Official Account that could not be stored, and Zalo gives no other for \
             the one that is: put a new refresh token into zalo.oa_refresh_token and restart"
        );
    }
}

/// The pair that is kept; the first time, and when somebody has put a new refresh token into the settings after a failure,
/// one that begins with it.
async fn current(app: &App, configured: &OaRefreshToken) -> Result<Pair, Problem> {
    let seed = token_hash(configured.expose());
    let kept = store::find(app.db.reads(), &app.vault).await?;
    if let Some(pair) = kept.filter(|pair| pair.failed_at.is_none() || pair.seed == seed) {
        return Ok(pair);
    }
    app.change_as(Actor::system(), async |tx| {
        let first = Pair {
            access: None,
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
async fn renew(app: &App, pair: &Pair) -> Result<Option<OaAccessToken>, Problem> {
    let owner = Uuid::now_v7().to_string();
    let longest = Duration::from_secs(app.config.zalo.timeout_seconds).saturating_add(MARGIN);
    let lease = TimeDelta::from_std(longest).unwrap_or(PAUSE);
    let take_lease = async |tx: &crate::db::Tx| Ok(store::lease(tx, pair, &owner, later(tx.now(), lease)).await?);
    if !app.change_as(Actor::system(), take_lease).await? {
        return Ok(None);
    }
    match ask_and_hold(app, pair).await? {
        Ok(held) => {
            try_to_store(app, &held).await;
            Ok(Some(held.access))
        }
        Err(error) => {
            give_up(app, &owner, &error).await?;
            Ok(None)
        }
    }
}

/// Spends the refresh token, and holds what comes of it. In a task of its own: whoever waits for it may be dropped, and the
/// new pair is there only once.
async fn ask_and_hold(app: &App, pair: &Pair) -> Result<Result<HeldPair, ZaloError>, Problem> {
    let (zalo, held, vault, clock) = (app.zalo.clone(), app.held_tokens.clone(), app.vault.clone(), app.clock.clone());
    let (refresh, spent, seed) = (pair.refresh.clone(), pair.sealed.clone(), pair.seed.clone());
    let asking = task::spawn(async move {
        let tokens = zalo.refresh_oa_token(&refresh).await?;
        let pair = sealed(&vault, &clock, &tokens, spent, seed);
        held.hold(pair.clone());
        Ok(pair)
    });
    asking.await.map_err(Problem::internal)
}

fn sealed(vault: &Vault, clock: &Clock, tokens: &OaTokens, spent: String, seed: String) -> HeldPair {
    let now = clock.now();
    HeldPair {
        access: tokens.access_token.clone(),
        access_cipher: store::seal_access(vault, Some(&tokens.access_token)),
        refresh_cipher: store::seal_refresh(vault, &seed, &tokens.refresh_token),
        spent_cipher: spent,
        seed,
        renewed_at: now,
        expires_at: later(now, span(tokens.expires_in)),
    }
}

/// True when it need not be tried again. It stays held until then, and each failure raises the alarm.
async fn try_to_store(app: &App, held: &HeldPair) -> bool {
    let unstored = metrics::gauge!("thidua_zalo_oa_token_unstored");
    match app.change_as(Actor::system(), async |tx| store::keep(tx, &app.vault, held).await).await {
        Ok(kept) => {
            unstored.set(0.0);
            let failures = app.held_tokens.release(held);
            if kept == Kept::Superseded {
                tracing::warn!(
                    "a token pair of the Official Account is of no more use: another one has been stored since"
                );
            } else if failures > 0 {
                tracing::info!(failures, "the token pair of the Official Account is stored now");
            }
            true
        }
        Err(problem) => {
            unstored.set(1.0);
            app.held_tokens.postpone(app.clock.now());
            tracing::error!(
                alarm = "zalo_oa_token_unstored",
                error = %problem,
                cause = ?problem.cause,
                "the Official Account's new token pair cannot be stored; this process alone holds it and tries again: do not \
                 stop it before the database takes writes"
            );
            false
        }
    }
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
