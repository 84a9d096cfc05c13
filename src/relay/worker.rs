//! The relay's work, in steps with outcomes: publish what is scheduled for now, number and spread what is new, claim what is due, send it with no transaction
//! open, write what came of it in a short one. Any number of workers may tick at once, in any number of processes.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::stream::{self, StreamExt as _};
use tokio::{
    sync::Notify,
    time::{Instant, sleep},
};
use uuid::Uuid;

use super::{
    SharedApp,
    channels::{
        Channel,
        zalo_oa::{self, Sent},
    },
    deliveries::{self, AT_ONCE, Claimed, DeliveryStatus, Outcome},
    hooks, housekeeping, notifications, provider_tokens,
    spread::spread,
    words::News,
};
use crate::{
    app::App,
    db::Actor,
    feed::activities,
    identity::consents,
    kit::{problem::Problem, wait::Wait},
    organisation::{imports, members},
    outbox,
    outside::zalo::{OaAccessToken, ZaloApi},
};

const HOUSEKEEPING: Duration = Duration::from_secs(60);
/// How often the files are gone through, all of them.
const SWEEPING: Duration = Duration::from_secs(3600);
/// How long a worker rests after something unexpected.
const REST: Duration = Duration::from_secs(5);
/// How long those wait that a channel was not asked to take.
const NOT_ASKED: TimeDelta = TimeDelta::seconds(10);

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
    /// Scheduled activities that were published.
    pub published: usize,
    /// Providers' events that were worked on, with or without success.
    pub told: usize,
}

impl Tick {
    /// Was there nothing to do?
    pub fn is_idle(&self) -> bool {
        *self == Self::default()
    }

    fn count(&mut self, status: Option<DeliveryStatus>) {
        let Some(status) = status else { return };
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

/// Works until the app stops. What is written and what is sent go on beside each other, so that nobody waits for their inbox
/// while a channel takes its time; spreadsheets are brought in meanwhile.
pub async fn run(app: SharedApp) {
    // All come to their own end: a step of an import that was dropped would keep its lease.
    tokio::join!(write(&app), send_out(&app), imports::work(&app));
    provider_tokens::settle(&app).await;
}

async fn write(app: &App) {
    let mut tidied = Instant::now();
    let mut swept: Option<Instant> = None;
    while !app.is_stopping() {
        if tidied.elapsed() >= HOUSEKEEPING {
            housekeeping::delete_old(app).await;
            if swept.is_none_or(|swept| swept.elapsed() >= SWEEPING) {
                housekeeping::sweep_files(app).await;
                swept = Some(Instant::now());
            }
            tidied = Instant::now();
        }
        let mut done = Tick::default();
        let written = write_due(app, &mut done).await;
        rest(app, &app.bell, written.map(|()| done)).await;
    }
}

async fn send_out(app: &App) {
    while !app.is_stopping() {
        let mut done = Tick::default();
        let sent = send_all_due(app, &mut done).await;
        rest(app, &app.sending_bell, sent.map(|()| done)).await;
    }
}

/// Goes on while there is something to do; else waits for the bell or a moment.
async fn rest(app: &App, bell: &Notify, worked: Result<Tick, Problem>) {
    let moment = match worked {
        Ok(done) if !done.is_idle() => {
            tracing::debug!(?done, "the relay has worked");
            return;
        }
        Ok(_nothing) => Duration::from_millis(app.config.relay.poll_ms),
        Err(problem) => {
            tracing::error!(error = %problem, cause = ?problem.cause, "the relay could not work");
            REST
        }
    };
    tokio::select! {
        () = bell.notified() => {}
        () = sleep(moment) => {}
    }
}

/// Does what is to be done now, a batch of it. One part's trouble stops no other.
pub async fn tick(app: &App) -> Result<Tick, Problem> {
    let mut done = Tick::default();
    let written = write_due(app, &mut done).await;
    let sent = send_all_due(app, &mut done).await;
    written.and(sent)?;
    Ok(done)
}

/// Publishes, numbers and spreads, and works on what providers told.
async fn write_due(app: &App, done: &mut Tick) -> Result<(), Problem> {
    let open = open_channels(app);
    let published = publish_due(app).await.map(|count| done.published = count);
    let numbering = outbox::number(&app.db, &app.clock, async |tx, numbered| spread(tx, numbered, open).await).await;
    let numbered = numbering.map(|count| done.numbered = count);
    if done.numbered > 0 {
        app.sending_bell.notify_one();
    }
    let told = hooks::work_off(app).await.map(|count| done.told = count);
    published.and(numbered).and(told)
}

/// Sends a batch by each channel.
async fn send_all_due(app: &App, done: &mut Tick) -> Result<(), Problem> {
    provider_tokens::store_held(app).await;
    let mut sent = Ok(());
    for channel in open_channels(app) {
        sent = sent.and(send_due(app, *channel, done).await);
    }
    sent
}

fn open_channels(app: &App) -> &'static [Channel] {
    if provider_tokens::is_configured(&app.config) { &[Channel::ZaloOa] } else { &[] }
}

async fn publish_due(app: &App) -> Result<usize, Problem> {
    if !activities::is_anything_due(app.db.reads(), app.clock.now()).await? {
        return Ok(0);
    }
    app.change_as(Actor::system(), async |tx| activities::publish_due(tx).await).await
}

/// A message to be sent.
struct Message {
    claimed: Claimed,
    news: News,
    /// None: they do not follow the account any more.
    oa_user_id: Option<String>,
    /// Do they still agree to messages by this channel?
    is_willing: bool,
}

async fn send_due(app: &App, channel: Channel, done: &mut Tick) -> Result<(), Problem> {
    if !deliveries::is_anything_due(app.db.reads(), channel, app.clock.now()).await? {
        return Ok(());
    }
    // Before anything is claimed: while Zalo does not answer, and without a token, all wait as they are.
    if app.zalo.is_circuit_open(ZaloApi::OfficialAccount) {
        return Ok(());
    }
    let Some(token) = provider_tokens::access(app).await? else { return Ok(()) };
    let lease = deliveries::lease_for(Duration::from_secs(app.config.zalo.timeout_seconds));
    let owner = Uuid::now_v7().to_string();
    let claimed = app
        .change_as(Actor::system(), async |tx| Ok(deliveries::claim(tx, channel, &owner, tx.now() + lease).await?))
        .await?;
    let messages = prepare(app, channel, claimed, done).await?;
    let Unsent { stale, not_asked } = send(app, &token, messages, done).await?;
    release(app, not_asked, NOT_ASKED, done).await?;
    if stale.is_empty() {
        return Ok(());
    }
    let messages: Vec<Message> = stale.into_iter().map(|(message, _)| message).collect();
    let Some(token) = provider_tokens::replace(app, &token).await? else {
        return release(app, messages, lease, done).await;
    };
    let Unsent { stale, not_asked } = send(app, &token, messages, done).await?;
    for (message, answer) in stale {
        done.count(conclude(app, &message.claimed, &Outcome::Failed { wait: Wait::Long, answer }).await?);
    }
    release(app, not_asked, NOT_ASKED, done).await
}

/// What can be sent. What cannot be read is concluded here, alone: it will never go better, and holds up nobody else.
async fn prepare(app: &App, channel: Channel, claimed: Vec<Claimed>, done: &mut Tick) -> Result<Vec<Message>, Problem> {
    let ids: Vec<_> = claimed.iter().map(|claimed| claimed.notification_id).collect();
    let news = notifications::news_of(app.db.reads(), &ids).await?;
    let recipients: Vec<_> = claimed.iter().map(|claimed| claimed.member_id).collect();
    let oa_users = members::oa_users_of(app.db.reads(), &app.vault, &recipients).await?;
    ids.iter().filter(|id| !news.contains_key(id)).for_each(|id| {
        tracing::error!(notification.id = %id, "news that this build cannot read is not sent");
    });
    let mut messages = Vec::with_capacity(claimed.len());
    for claimed in claimed {
        let oa_user_id = oa_users.get(&claimed.member_id).cloned().transpose();
        let hopeless = match (news.get(&claimed.notification_id), oa_user_id) {
            (Some(news), Ok(oa_user_id)) => {
                let is_willing = consents::holds(app.db.reads(), claimed.member_id, channel.consent()).await?;
                messages.push(Message { claimed, news: news.clone(), oa_user_id, is_willing });
                continue;
            }
            (None, _) => ("unreadable_news", "This build cannot read what is to be said".to_owned()),
            (_, Err(error)) => {
                tracing::error!(delivery.id = %claimed.id, %error, "a recipient's id cannot be read");
                ("unreadable_recipient", error.to_string())
            }
        };
        let (reason, answer) = hopeless;
        done.count(conclude(app, &claimed, &Outcome::Hopeless { reason, answer }).await?);
    }
    Ok(messages)
}

/// What came of one message.
enum Handled {
    /// It is written down.
    Concluded(Option<DeliveryStatus>),
    /// The token was stale, as the channel said.
    Stale(Box<Message>, String),
    /// The channel was not asked.
    NotAsked(Box<Message>),
}

/// What was not sent, and was no attempt.
#[derive(Default)]
struct Unsent {
    /// The token was stale, as the channel said.
    stale: Vec<(Message, String)>,
    /// The channel was not asked.
    not_asked: Vec<Message>,
}

/// Sends a few at once and writes down what came of each; gives back those that were no attempt. Each one's outcome
/// is written beside the others' sending: none of those under way stands still, whoever waits for the database.
async fn send(app: &App, token: &OaAccessToken, messages: Vec<Message>, done: &mut Tick) -> Result<Unsent, Problem> {
    let mut sent =
        stream::iter(messages).map(async |message| handle(app, token, message).await).buffer_unordered(AT_ONCE);
    let mut unsent = Unsent::default();
    let mut trouble = None;
    while let Some(handled) = sent.next().await {
        match handled {
            Ok(Handled::Concluded(status)) => done.count(status),
            Ok(Handled::Stale(message, answer)) => unsent.stale.push((*message, answer)),
            Ok(Handled::NotAsked(message)) => unsent.not_asked.push(*message),
            // The others are let to their end: they are on their way.
            Err(problem) => trouble = trouble.or(Some(problem)),
        }
    }
    trouble.map_or(Ok(unsent), Err)
}

async fn handle(app: &App, token: &OaAccessToken, message: Message) -> Result<Handled, Problem> {
    let sent = match &message.oa_user_id {
        _ if !message.is_willing => Sent::Known(Outcome::NeverThisRecipient {
            reason: deliveries::NO_CONSENT,
            answer: "They have taken their consent back".to_owned(),
        }),
        Some(oa_user_id) => zalo_oa::send(app, token, oa_user_id, &message.news).await,
        None => Sent::Known(Outcome::NeverThisRecipient {
            reason: "not_a_follower",
            answer: "They do not follow the Official Account any more".to_owned(),
        }),
    };
    match sent {
        Sent::Known(outcome) => Ok(Handled::Concluded(conclude(app, &message.claimed, &outcome).await?)),
        Sent::StaleToken(answer) => Ok(Handled::Stale(Box::new(message), answer)),
        Sent::NotAsked => Ok(Handled::NotAsked(Box::new(message))),
    }
}

/// Writes down what came of an attempt. Gives where the delivery stands now; nothing when the outcome does not count.
async fn conclude(app: &App, claimed: &Claimed, outcome: &Outcome) -> Result<Option<DeliveryStatus>, Problem> {
    let max_attempts = app.config.relay.max_attempts;
    let conclusion = outcome.conclude(claimed.attempt, max_attempts, app.clock.now(), rand::random());
    let counts = app
        .change_as(Actor::system(), async |tx| Ok(deliveries::finish(tx, claimed, outcome, &conclusion).await?))
        .await?;
    if !counts {
        tracing::warn!(delivery.id = %claimed.id, "an outcome came after its lease had ended");
    }
    Ok(counts.then_some(conclusion.status))
}

async fn release(app: &App, unsent: Vec<Message>, pause: TimeDelta, done: &mut Tick) -> Result<(), Problem> {
    if unsent.is_empty() {
        return Ok(());
    }
    app.change_as(Actor::system(), async |tx| {
        for message in &unsent {
            deliveries::release(tx, &message.claimed, tx.now() + pause).await?;
        }
        Ok(())
    })
    .await?;
    done.postponed = done.postponed.saturating_add(unsent.len());
    Ok(())
}
