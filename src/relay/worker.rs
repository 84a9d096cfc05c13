//! The relay's work, in steps with outcomes: number and spread what is new, claim what is due, send it with no transaction
//! open, write what came of it in a short one. Any number of workers may tick at once, in any number of processes.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::stream::{self, StreamExt as _};
use secrecy::SecretString;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::{
    SharedApp,
    channels::{
        Channel,
        zalo_oa::{self, Sent},
    },
    deliveries::{self, AT_ONCE, Claimed, DeliveryStatus, Outcome, Wait},
    housekeeping, notifications, provider_tokens, replicas,
    spread::spread,
    words::News,
};
use crate::{app::App, db::Actor, kit::problem::Problem, organisation::members, outbox};

const HOUSEKEEPING: Duration = Duration::from_secs(60);
/// How long a worker rests after something unexpected.
const REST: Duration = Duration::from_secs(5);

/// What one tick did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tick {
    /// Events that were given positions and spread, or rows chained into the audit log.
    pub numbered: usize,
    /// Deliveries that their channel took.
    pub sent: usize,
    /// Deliveries that failed and will be tried again.
    pub failed: usize,
    /// Deliveries to recipients who cannot be reached by that channel.
    pub suppressed: usize,
    /// Deliveries that were given up.
    pub dead: usize,
    /// Deliveries that wait for a token.
    pub postponed: usize,
}

impl Tick {
    /// Was there nothing to do?
    pub fn is_idle(&self) -> bool {
        *self == Self::default()
    }

    fn count(&mut self, status: DeliveryStatus) {
        let counted = match status {
            DeliveryStatus::Delivered => &mut self.sent,
            DeliveryStatus::Failed => &mut self.failed,
            DeliveryStatus::Suppressed => &mut self.suppressed,
            DeliveryStatus::Dead => &mut self.dead,
            DeliveryStatus::Pending | DeliveryStatus::Sending => &mut self.postponed,
        };
        *counted = counted.saturating_add(1);
    }
}

/// Works until the app stops: ticks while there is something to do, then waits for the bell or a moment. Listens to the
/// other replicas meanwhile.
pub async fn run(app: SharedApp) {
    tokio::select! {
        () = work(&app) => {}
        () = replicas::listen(app.clone()) => {}
    }
}

async fn work(app: &App) {
    let mut tidied = Instant::now();
    while !app.is_stopping() {
        if tidied.elapsed() >= HOUSEKEEPING {
            housekeeping::tidy(app).await;
            tidied = Instant::now();
        }
        match tick(app).await {
            Ok(done) if !done.is_idle() => tracing::debug!(?done, "the relay has worked"),
            Ok(_nothing) => wait(app, Duration::from_millis(app.config.relay.poll_ms)).await,
            Err(problem) => {
                tracing::error!(error = %problem, cause = ?problem.cause, "the relay could not work");
                wait(app, REST).await;
            }
        }
    }
}

async fn wait(app: &App, moment: Duration) {
    tokio::select! {
        () = app.bell.notified() => {}
        () = sleep(moment) => {}
    }
}

/// Does what is to be done now, a batch of it.
pub async fn tick(app: &App) -> Result<Tick, Problem> {
    let open: &[Channel] = if provider_tokens::is_configured(&app.config) { &[Channel::ZaloOa] } else { &[] };
    let numbered = outbox::number(&app.db, &app.clock, async |tx, numbered| spread(tx, numbered, open).await).await?;
    let mut done = Tick { numbered, ..Tick::default() };
    for channel in open {
        send_due(app, *channel, &mut done).await?;
    }
    Ok(done)
}

/// A message to be sent.
struct Message {
    claimed: Claimed,
    news: News,
    /// None: they do not follow the account any more.
    oa_user_id: Option<String>,
}

async fn send_due(app: &App, channel: Channel, done: &mut Tick) -> Result<(), Problem> {
    if !deliveries::is_anything_due(app.db.reads(), channel, app.clock.now()).await? {
        return Ok(());
    }
    // Before anything is claimed: without a token all wait as they are.
    let Some(token) = provider_tokens::access(app).await? else { return Ok(()) };
    let lease = deliveries::lease_for(Duration::from_secs(app.config.zalo.timeout_seconds));
    let owner = Uuid::now_v7().to_string();
    let claimed = app
        .change_as(Actor::system(), async |tx| Ok(deliveries::claim(tx, channel, &owner, tx.now() + lease).await?))
        .await?;
    let messages = prepare(app, claimed).await?;
    let stale = send(app, &token, messages, done).await?;
    if stale.is_empty() {
        return Ok(());
    }
    let Some(token) = provider_tokens::replace(app, &token).await? else {
        return release(app, stale, lease, done).await;
    };
    let again = stale.into_iter().map(|(message, _)| message).collect();
    for (message, answer) in send(app, &token, again, done).await? {
        conclude(app, &message.claimed, Outcome::Failed { wait: Wait::Long, answer }, done).await?;
    }
    Ok(())
}

async fn prepare(app: &App, claimed: Vec<Claimed>) -> Result<Vec<Message>, Problem> {
    let ids: Vec<_> = claimed.iter().map(|claimed| claimed.notification_id).collect();
    let news = notifications::news_of(app.db.reads(), &ids).await?;
    let mut messages = Vec::with_capacity(claimed.len());
    for claimed in claimed {
        let Some(news) = news.get(&claimed.notification_id).cloned() else { continue };
        let oa_user_id = members::oa_user_of(app.db.reads(), &app.vault, claimed.member_id).await?;
        messages.push(Message { claimed, news, oa_user_id });
    }
    Ok(messages)
}

/// Sends a few at once and writes down what came of each; gives back those for which the token was stale.
async fn send(
    app: &App,
    token: &SecretString,
    messages: Vec<Message>,
    done: &mut Tick,
) -> Result<Vec<(Message, String)>, Problem> {
    let mut sent = stream::iter(messages)
        .map(async |message| {
            let outcome = match &message.oa_user_id {
                Some(oa_user_id) => zalo_oa::send(app, token, oa_user_id, &message.news).await,
                None => Sent::Known(Outcome::NeverThisRecipient {
                    reason: "not_a_follower",
                    answer: "They do not follow the Official Account any more".to_owned(),
                }),
            };
            (message, outcome)
        })
        .buffer_unordered(AT_ONCE);
    let mut stale = Vec::new();
    while let Some((message, outcome)) = sent.next().await {
        match outcome {
            Sent::Known(outcome) => conclude(app, &message.claimed, outcome, done).await?,
            Sent::StaleToken(answer) => stale.push((message, answer)),
        }
    }
    Ok(stale)
}

async fn conclude(app: &App, claimed: &Claimed, outcome: Outcome, done: &mut Tick) -> Result<(), Problem> {
    let max_attempts = app.config.relay.max_attempts;
    let conclusion = outcome.conclude(claimed.attempt, max_attempts, app.clock.now(), rand::random());
    let counts = app
        .change_as(Actor::system(), async |tx| Ok(deliveries::finish(tx, claimed, &outcome, &conclusion).await?))
        .await?;
    if counts {
        done.count(conclusion.status);
    } else {
        tracing::warn!(delivery.id = %claimed.id, "an outcome came after its lease had ended");
    }
    Ok(())
}

async fn release(app: &App, stale: Vec<(Message, String)>, pause: TimeDelta, done: &mut Tick) -> Result<(), Problem> {
    app.change_as(Actor::system(), async |tx| {
        for (message, _) in &stale {
            deliveries::release(tx, &message.claimed, tx.now() + pause).await?;
        }
        Ok(())
    })
    .await?;
    done.postponed = done.postponed.saturating_add(stale.len());
    Ok(())
}
