//! The keys that sign access tokens: kept in the database, the private half encrypted, each with its dates. A new key is
//! published before it signs, and an old one verifies until its last token has ended, so that a rotation needs no restart
//! and refuses no good token.

mod rotation;
mod store;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, TimeDelta, Utc};

pub use rotation::{KeyState, ListedKey, PUBLISHED_BEFORE, Rotation, When, list, rotate};

use crate::{
    app::App,
    db::{Actor, ConnectionTrait, Db, Tx, dialect},
    kit::{
        problems::Problem,
        secrets::{BadKey, DatedKey, KeyRing, Signer, Vault},
        values::Clock,
    },
};

const PURPOSE: &str = "signing_key.private";
/// How long the keys that were read are believed where no message says that they have changed: one small query in that time.
const BELIEVED: TimeDelta = TimeDelta::seconds(5);
/// How often the keys are read because tokens name some that are not known: anybody can make up such a token.
const ASKED_EVERY: TimeDelta = TimeDelta::seconds(3);

/// The key ring of this database; a first key is made where there is none.
pub async fn load_or_make(db: &Db, clock: &Clock, vault: &Vault, issuer: &str) -> Result<KeyRing, Problem> {
    if let Some(ring) = load(db.reads(), vault, issuer, clock.now()).await? {
        return Ok(ring);
    }
    let tx = db.begin(clock.now(), Actor::system()).await?;
    // Replicas that start together on an empty database: the first one makes the key.
    dialect::lock_until_commit(&tx, dialect::KEYS_LOCK).await?;
    if store::live_keys(&tx, tx.now()).await?.is_empty() {
        make(&tx, vault, tx.now()).await?;
    }
    tx.commit().await?;
    load(db.reads(), vault, issuer, clock.now()).await?.ok_or_else(|| Problem::internal(BadKey))
}

/// The key ring as it is at `now`; none before the first key.
pub async fn load(
    db: &impl ConnectionTrait,
    vault: &Vault,
    issuer: &str,
    now: DateTime<Utc>,
) -> Result<Option<KeyRing>, Problem> {
    let rows = store::live_keys(db, now).await?;
    let mut keys = Vec::with_capacity(rows.len());
    for row in rows {
        let seed = vault.open(PURPOSE, &row.private_cipher).map_err(Problem::internal)?;
        let signer = Signer::from_seed(bytes(&seed)?).map_err(Problem::internal)?;
        keys.push(DatedKey { signer, signs_from: row.signs_from, verifies_until: row.verifies_until });
    }
    Ok((!keys.is_empty()).then(|| KeyRing::new(issuer, keys, now)))
}

/// Reads the keys again when they have changed or were read a while ago. Without an answer the known ones stay. Gives
/// whether it did.
pub async fn refresh(app: &App) -> bool {
    let now = app.clock.now();
    if !app.are_keys_stale() && now.signed_duration_since(app.keys().loaded_at()) < BELIEVED {
        return false;
    }
    // Whoever has the lock reads them already; the known keys will do meanwhile.
    let Ok(mut asked) = app.keys_asked.try_lock() else { return false };
    if !app.are_keys_stale() && asked.is_some_and(|asked| now.signed_duration_since(asked) < ASKED_EVERY) {
        return false;
    }
    *asked = Some(now);
    if let Err(problem) = reload(app).await {
        tracing::warn!(error = %problem, cause = ?problem.cause, "the signing keys cannot be read; the known ones stay");
        return false;
    }
    true
}

/// Reads the keys when a token names one that is not known here, but not for every such token.
pub async fn learn(app: &App, kid: &str) -> Result<(), Problem> {
    let mut asked = app.keys_asked.lock().await;
    // Somebody may have read it while this one waited.
    let is_early = asked.is_some_and(|asked| app.clock.now().signed_duration_since(asked) < ASKED_EVERY);
    if app.keys().knows(kid) || is_early && !app.are_keys_stale() {
        return Ok(());
    }
    *asked = Some(app.clock.now());
    reload(app).await
}

async fn reload(app: &App) -> Result<(), Problem> {
    metrics::counter!("thidua_key_reloads_total").increment(1);
    if let Some(ring) = load(app.db.reads(), &app.vault, &app.config.public_url(), app.clock.now()).await? {
        // Whoever was let in by a key that is no more is looked at anew.
        if !ring.has_the_keys_of(&app.keys()) {
            app.callers.forget_all();
        }
        app.set_keys(ring);
    }
    Ok(())
}

/// Adds a key pair that signs from then on; gives its id.
async fn make(tx: &Tx, vault: &Vault, signs_from: DateTime<Utc>) -> Result<String, Problem> {
    let signer = Signer::generate().map_err(Problem::internal)?;
    let sealed = vault.seal(PURPOSE, &STANDARD.encode(signer.seed()));
    store::insert(tx, &signer.kid, &STANDARD.encode(signer.public()), sealed, signs_from).await?;
    Ok(signer.kid)
}

fn bytes(text: &str) -> Result<[u8; 32], Problem> {
    let bytes = STANDARD.decode(text).map_err(Problem::internal)?;
    bytes.try_into().map_err(|_wrong_length| Problem::internal(BadKey))
}
