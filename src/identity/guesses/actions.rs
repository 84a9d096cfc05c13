//! May a guess be made, and what becomes of a wrong one.

use super::{bucket::Bucket, store};
use crate::{
    app::App,
    db::{Actor, Tx},
    kit::{
        http::Network,
        problems::{Code, Problem},
        values::MemberId,
    },
};

/// A guess at a secret, and what it is counted by.
pub struct Guessing<'a> {
    app: &'a App,
    buckets: Vec<Bucket>,
}

impl<'a> Guessing<'a> {
    /// At the password of this username, by a stranger.
    pub fn password(app: &'a App, username: &str, network: Network) -> Self {
        Self::by_stranger(app, Bucket::username(&app.vault, username), network)
    }

    /// At a code of this account, by a stranger.
    pub fn code(app: &'a App, member: MemberId, network: Network) -> Self {
        Self::by_stranger(app, Bucket::code(&app.vault, member), network)
    }

    /// At the password of whoever is signed in.
    pub fn own_password(app: &'a App, member: MemberId) -> Self {
        Self { app, buckets: vec![Bucket::owner(&app.vault, member)] }
    }

    /// By the owner of the account, on a device of theirs: it is not counted here.
    pub const fn by_owner(app: &'a App) -> Self {
        Self { app, buckets: Vec::new() }
    }

    fn by_stranger(app: &'a App, of_account: Bucket, network: Network) -> Self {
        let limits = &app.config.sign_in;
        let network = Bucket::network(&app.vault, network, limits);
        Self { app, buckets: vec![of_account, network, Bucket::all(&app.vault, limits)] }
    }

    /// Refuses the guess where too many were wrong. Asked before the secret is looked at; and again before a right one is
    /// answered, so that of many guesses at the same moment none tells more than the limit allows.
    pub async fn check(&self) -> Result<(), Problem> {
        if self.buckets.is_empty() {
            return Ok(());
        }
        let now = self.app.clock.now();
        let counts = store::counts(self.app.db.reads(), &self.buckets, now).await?;
        let is_full = |bucket: &&Bucket| counts.get(&bucket.name).is_some_and(|wrong| *wrong >= bucket.most);
        self.buckets.iter().find(is_full).map_or(Ok(()), |full| Err(self.refused(full)))
    }

    /// Counts a wrong guess. One that came when the limit had been reached meanwhile is refused like those after it.
    pub async fn wrong(&self) -> Result<(), Problem> {
        if self.buckets.is_empty() {
            return Ok(());
        }
        let count = async |tx: &Tx| Ok(store::count(tx, &self.buckets).await?);
        let counts = self.app.change_as(Actor::system(), count).await?;
        let count_of = |bucket: &Bucket| counts.get(&bucket.name).copied().unwrap_or_default();
        for bucket in self.buckets.iter().filter(|bucket| bucket.kind == "all" && count_of(bucket) == bucket.most) {
            tracing::error!(
                alarm = "password_guessing",
                wrong = bucket.most,
                "very many passwords and codes were guessed wrong; until the ten minutes are over staff sign in only in \
                 browsers that they have signed in on before"
            );
        }
        self.buckets.iter().find(|bucket| count_of(bucket) > bucket.most).map_or(Ok(()), |full| Err(self.refused(full)))
    }

    fn refused(&self, full: &Bucket) -> Problem {
        metrics::counter!("thidua_guesses_refused_total", "by" => full.kind).increment(1);
        Problem::new(Code::TooManyRequests).header("retry-after", full.wait(self.app.clock.now()))
    }
}

/// Forgets a batch of the windows that are over. Gives how many.
pub async fn prune(tx: &Tx, batch: u64) -> Result<u64, Problem> {
    Ok(store::prune(tx, batch).await?)
}
