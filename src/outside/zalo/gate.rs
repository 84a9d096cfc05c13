//! What stands between us and Zalo: how many calls are made at once, whether any are while it is down, and how often
//! tokens that it refuses may be tried.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use moka::future::Cache;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

use super::{
    Profile, ZaloApi, ZaloError, ZaloFault, ZaloSettings,
    breaker::{Breaker, Pass},
};
use crate::kit::{
    http::{FairLimit, FairPermit, Network},
    values::Clock,
    work::Budget,
};

/// How many messages are on their way at once, whoever sends them, and how many renewals of the account's token.
const MESSAGES_AT_ONCE: usize = 20;
const RENEWALS_AT_ONCE: usize = 2;
/// How long a message or a renewal waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a token that Zalo has refused is refused without asking again.
const REFUSED: TimeDelta = TimeDelta::seconds(60);
const REFUSED_TTL: Duration = Duration::from_secs(60);
/// How many of those are remembered.
const REFUSED_CAPACITY: u64 = 10_000;
/// How many calls a minute Zalo takes for one person. One of them comes back after three seconds.
const PER_TOKEN: u32 = 20;
const PER_TOKEN_COMES_BACK: Duration = Duration::from_secs(3);
/// How soon a refused token of a network comes back: six a minute in the long run.
const NETWORK_COMES_BACK: Duration = Duration::from_secs(10);
/// In how long those of all networks come back.
const ALL_COME_BACK: Duration = Duration::from_secs(60);

/// By the hash of a token.
pub type TokenKey = [u8; 32];

/// The gate. One a process.
pub struct Gate {
    clock: Clock,
    graph: Breaker,
    oauth: Breaker,
    official_account: Breaker,
    sign_ins: FairLimit,
    messages: Semaphore,
    renewals: Semaphore,
    verdicts: Cache<TokenKey, Verdict>,
    asked: Budget<TokenKey>,
    refused: Budget<Network>,
    refused_in_all: Budget<()>,
}

/// What Zalo said of a token, and until when it need not be asked again.
#[derive(Clone, Debug)]
struct Verdict {
    said: Result<Profile, ZaloError>,
    until: DateTime<Utc>,
}

impl Gate {
    /// With these settings.
    pub fn new(settings: &ZaloSettings, clock: &Clock) -> Self {
        let breaker = |api| Breaker::new(api, clock.clone());
        let in_all = settings.refused_in_all.max(1);
        Self {
            graph: breaker(ZaloApi::Graph),
            oauth: breaker(ZaloApi::OAuth),
            official_account: breaker(ZaloApi::OfficialAccount),
            sign_ins: FairLimit::new(settings.calls_at_once),
            messages: Semaphore::new(MESSAGES_AT_ONCE),
            renewals: Semaphore::new(RENEWALS_AT_ONCE),
            verdicts: Cache::builder().max_capacity(REFUSED_CAPACITY).time_to_live(REFUSED_TTL).build(),
            asked: Budget::new(clock.clone(), PER_TOKEN, PER_TOKEN_COMES_BACK),
            refused: Budget::new(clock.clone(), settings.refused_per_network, NETWORK_COMES_BACK),
            refused_in_all: Budget::new(
                clock.clone(),
                in_all,
                ALL_COME_BACK.checked_div(in_all).unwrap_or(ALL_COME_BACK),
            ),
            clock: clock.clone(),
        }
    }

    /// Permission for one call.
    pub fn admit(&self, api: ZaloApi) -> Result<Pass<'_>, ZaloError> {
        self.breaker(api).admit().map_err(|wait| rejected(api, "open", ZaloError::CircuitOpen { api, wait }))
    }

    /// Is this API not asked at the moment?
    pub fn is_open(&self, api: ZaloApi) -> bool {
        self.breaker(api).wait().is_some()
    }

    /// A turn for a message or a renewal. Sign-ins have theirs by `turn_of_sign_in`.
    pub async fn turn(&self, api: ZaloApi) -> Result<Option<SemaphorePermit<'_>>, ZaloError> {
        let turns = match api {
            ZaloApi::Graph => return Ok(None),
            ZaloApi::OAuth => &self.renewals,
            ZaloApi::OfficialAccount => &self.messages,
        };
        let turn = timeout(PATIENCE, turns.acquire()).await;
        turn.ok().and_then(Result::ok).map(Some).ok_or_else(|| rejected(api, "busy", ZaloError::Busy { api }))
    }

    /// A turn for a sign-in from this network that makes so many calls at once. Whoever may not ask at all, or not now, is told
    /// so at once.
    pub async fn turn_of_sign_in(&self, network: Network, calls: usize) -> Result<FairPermit, ZaloError> {
        self.may_ask(network)?;
        let is_suspect = self.refused.is_touched(&network);
        let turn = self.sign_ins.take(network, is_suspect, calls).await;
        let turn = turn.map_err(|_busy| rejected(ZaloApi::Graph, "busy", ZaloError::Busy { api: ZaloApi::Graph }))?;
        // The others in the queue may have used up what was left.
        self.may_ask(network)?;
        Ok(turn)
    }

    /// What Zalo has said of this token a moment ago: that it is none.
    pub async fn known_refusal(&self, token: &TokenKey) -> Option<ZaloError> {
        let verdict = self.verdicts.get(token).await?;
        let error = verdict.said.err().filter(|_| verdict.until > self.clock.now());
        error.map(|error| rejected(ZaloApi::Graph, "known", error))
    }

    /// Counts the calls that are to be made with this token: Zalo's limit for one person is kept here.
    pub fn count(&self, token: &TokenKey, calls: usize) -> Result<(), ZaloError> {
        if let Some(wait) = self.asked.wait(token) {
            return Err(rejected(ZaloApi::Graph, "token", ZaloError::Throttled { wait }));
        }
        (0..calls).for_each(|_call| self.asked.fail(token));
        Ok(())
    }

    /// Asks who holds this token, once, however many ask at the same moment, and keeps a refusal.
    pub async fn ask_once(
        &self,
        token: TokenKey,
        network: Network,
        ask: impl AsyncFnOnce() -> Result<Profile, ZaloError>,
    ) -> Result<Profile, ZaloError> {
        let init = async {
            let said = ask().await;
            self.judge(network, &said);
            let is_kept = said.as_ref().is_err_and(is_refused_token);
            let now = self.clock.now();
            Verdict { said, until: if is_kept { now.checked_add_signed(REFUSED).unwrap_or(now) } else { now } }
        };
        let is_over = |verdict: &Verdict| verdict.until <= self.clock.now();
        self.verdicts.entry(token).or_insert_with_if(init, is_over).await.into_value().said
    }

    fn breaker(&self, api: ZaloApi) -> &Breaker {
        match api {
            ZaloApi::Graph => &self.graph,
            ZaloApi::OAuth => &self.oauth,
            ZaloApi::OfficialAccount => &self.official_account,
        }
    }

    fn may_ask(&self, network: Network) -> Result<(), ZaloError> {
        let api = ZaloApi::Graph;
        if let Some(wait) = self.graph.wait() {
            return Err(rejected(api, "open", ZaloError::CircuitOpen { api, wait }));
        }
        if let Some(wait) = self.refused.wait(&network) {
            return Err(rejected(api, "network", ZaloError::Throttled { wait }));
        }
        match self.refused_in_all.wait(&()) {
            Some(wait) if self.refused.is_touched(&network) => {
                Err(rejected(api, "all", ZaloError::Throttled { wait: wait.max(NETWORK_COMES_BACK) }))
            }
            _ => Ok(()),
        }
    }

    /// Counts what came of asking, for the network that did.
    fn judge(&self, network: Network, said: &Result<Profile, ZaloError>) {
        match said {
            Ok(_) => self.refused.succeed(&network),
            Err(error) if speaks_against(error) => {
                self.refused.fail(&network);
                let was_exhausted = self.refused_in_all.wait(&()).is_some();
                self.refused_in_all.fail(&());
                if !was_exhausted && self.refused_in_all.wait(&()).is_some() {
                    tracing::error!(
                        alarm = "zalo_token_flood",
                        "Zalo refuses very many tokens; networks that it has refused any of wait, others sign in as usual"
                    );
                }
            }
            Err(_) => {}
        }
    }
}

/// Is it the token that is refused, so that asking again says the same?
fn is_refused_token(error: &ZaloError) -> bool {
    matches!(error, ZaloError::Refused { .. } | ZaloError::Status { .. })
        && matches!(error.class(), ZaloFault::BadToken | ZaloFault::BadPayload | ZaloFault::NeverThisRecipient)
}

/// Does it speak against whoever has sent the token? Numbers that no table explains do as well.
fn speaks_against(error: &ZaloError) -> bool {
    is_refused_token(error) || (matches!(error, ZaloError::Refused { .. }) && error.class() == ZaloFault::Unavailable)
}

/// Counts a call that was not made.
fn rejected(api: ZaloApi, by: &'static str, error: ZaloError) -> ZaloError {
    metrics::counter!("thidua_zalo_calls_rejected_total", "api" => api.to_string(), "by" => by).increment(1);
    error
}
