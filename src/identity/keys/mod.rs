//! The keys that sign access tokens: kept in the database, the private half encrypted, so that every replica signs with
//! the newest and verifies with all.

mod store;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    app::App,
    db::{Actor, ConnectionTrait, Db},
    kit::{
        clock::Clock,
        jwt::{BadKey, KeyRing, Signer},
        problem::Problem,
        vault::Vault,
    },
};

const PURPOSE: &str = "signing_key.private";

/// The key ring of this database; a first key is made where there is none.
pub async fn load_or_make(db: &Db, clock: &Clock, vault: &Vault, issuer: &str) -> Result<KeyRing, Problem> {
    if let Some(ring) = load(db.reads(), vault, issuer).await? {
        return Ok(ring);
    }
    let signer = Signer::generate().map_err(Problem::internal)?;
    let sealed = vault.seal(PURPOSE, &STANDARD.encode(signer.seed()));
    let tx = db.begin(clock.now(), Actor::system()).await?;
    store::insert(&tx, &signer.kid, &STANDARD.encode(signer.public()), sealed).await?;
    tx.commit().await?;
    // Another replica may have made one at the same moment: the newest signs, both verify.
    load(db.reads(), vault, issuer).await?.ok_or_else(|| Problem::internal(BadKey))
}

/// The key ring as it is now; none before the first key.
pub async fn load(db: &impl ConnectionTrait, vault: &Vault, issuer: &str) -> Result<Option<KeyRing>, Problem> {
    let keys = store::live_keys(db).await?;
    let Some(newest) = keys.first() else { return Ok(None) };
    let seed = vault.open(PURPOSE, &newest.private_cipher).map_err(Problem::internal)?;
    let signer = Signer::from_seed(bytes(&seed)?).map_err(Problem::internal)?;
    let others = keys.iter().map(|key| bytes(&key.public_key)).collect::<Result<Vec<_>, _>>()?;
    Ok(Some(KeyRing::new(issuer, signer, &others)))
}

/// Reads the keys anew: a token names one that is not known here yet.
pub async fn reload(app: &App) -> Result<(), Problem> {
    if let Some(ring) = load(app.db.reads(), &app.vault, &app.config.public_url()).await? {
        app.set_keys(ring);
    }
    Ok(())
}

fn bytes(text: &str) -> Result<[u8; 32], Problem> {
    let bytes = STANDARD.decode(text).map_err(Problem::internal)?;
    bytes.try_into().map_err(|_wrong_length| Problem::internal(BadKey))
}
