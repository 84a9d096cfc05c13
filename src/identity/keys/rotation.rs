//! Changing over to a new key.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::{make, store};
use crate::{
    audit::{self, Subject},
    db::{Actor, ConnectionTrait, Db, Effect, dialect},
    kit::{
        problems::Problem,
        secrets::{Vault, jwt::LONGEST_TOKEN_LIFE},
        values::{
            Clock,
            clock::{later, span},
        },
    },
};

/// How long a key is published before it signs: twice as long as anybody may keep the published set (`max-age`), so that
/// whoever verifies knows it before they meet its first token.
pub const PUBLISHED_BEFORE: TimeDelta = TimeDelta::minutes(10);

/// When the new key begins to sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Once everybody knows it. No good token is refused.
    Published,
    /// At once, and the old ones end at once: somebody else has them. Whoever is signed in refreshes their session.
    Compromised,
}

/// What came of a rotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// The key that signs next.
    pub kid: String,
    /// From when on.
    pub signs_from: DateTime<Utc>,
    /// Was it made now? A rotation that is under way is not begun again.
    pub is_new: bool,
}

/// A key as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedKey {
    /// Its id.
    pub kid: String,
    /// When it was published.
    pub created_at: DateTime<Utc>,
    /// From when on it signs.
    pub signs_from: DateTime<Utc>,
    /// Until when it verifies.
    pub verifies_until: Option<DateTime<Utc>>,
}

/// Makes the next key, and dates those that it takes over from.
pub async fn rotate(db: &Db, vault: &Vault, clock: &Clock, when: When) -> Result<Rotation, Problem> {
    let tx = db.begin(clock.now(), Actor::system()).await?;
    dialect::lock_until_commit(&tx, dialect::KEYS_LOCK).await?;
    let keys = store::live_keys(&tx, tx.now()).await?;
    let next = keys.iter().find(|key| key.signs_from > tx.now());
    if let (Some(next), When::Published) = (next, when) {
        return Ok(Rotation { kid: next.kid.clone(), signs_from: next.signs_from, is_new: false });
    }
    let (signs_from, verifies_until) = match when {
        When::Compromised => (tx.now(), tx.now()),
        When::Published => {
            let signs_from = later(tx.now(), PUBLISHED_BEFORE);
            (signs_from, later(signs_from, span(LONGEST_TOKEN_LIFE)))
        }
    };
    store::end_all(&tx, verifies_until).await?;
    // The private half of a key that verifies nothing any more could only do harm.
    store::forget_ended(&tx, tx.now()).await?;
    let kid = make(&tx, vault, signs_from).await?;
    let after = json!({"kid": kid, "signs_from": signs_from, "others_verify_until": verifies_until});
    let subject = Subject { kind: "signing_key", id: Uuid::new_v5(&Uuid::NAMESPACE_OID, kid.as_bytes()) };
    audit::record(&tx, "rotate_signing_key", subject, None, Some(after)).await?;
    tx.after_commit(Effect::ReloadKeys);
    if when == When::Compromised {
        tx.after_commit(Effect::ForgetCallers);
    }
    tx.commit().await?;
    Ok(Rotation { kid, signs_from, is_new: true })
}

/// Every key that there ever was, the newest first.
pub async fn list(db: &impl ConnectionTrait) -> Result<Vec<ListedKey>, Problem> {
    let rows = store::all_keys(db).await?;
    let keys = rows.into_iter().map(|row| ListedKey {
        kid: row.kid,
        created_at: row.created_at,
        signs_from: row.signs_from,
        verifies_until: row.verifies_until,
    });
    Ok(keys.collect())
}

/// What a key does at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Published, yet to sign.
    Next,
    /// Signs.
    Signing,
    /// Signs no more; its last tokens are still good.
    Retiring,
    /// Neither signs nor verifies.
    Retired,
}

impl ListedKey {
    /// What this key does at `now`, `all` being every key.
    pub fn state(&self, all: &[Self], now: DateTime<Utc>) -> KeyState {
        if self.verifies_until.is_some_and(|until| until <= now) {
            return KeyState::Retired;
        }
        if self.signs_from > now {
            return KeyState::Next;
        }
        let signs_later = |other: &&Self| other.signs_from <= now && other.signs_from > self.signs_from;
        if all.iter().any(|other| signs_later(&other)) { KeyState::Retiring } else { KeyState::Signing }
    }
}
