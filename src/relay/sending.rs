//! Sending what is due: claim a batch, send it with no transaction open, write what came of each message in a short one.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::stream::{self, StreamExt as _};
use tokio::time::sleep;
use uuid::Uuid;

use super::{
    channels::{
        Channel,
        zalo_oa::{self, Sent},
    },
    deliveries::{self, AT_ONCE, Claimed, DeliveryStatus, Lease, Outcome, Terms},
    notifications, provider_tokens,
    tick::Tick,
    words::News,
};
use crate::{
    app::App,
    db::Actor,
    identity::consents,
    kit::{
        problems::Problem,
        values::clock::later,
        work::{Wait, jobs::caught},
    },
    organisation::members,
    outside::zalo::{OaAccessToken, ZaloApi},
};

/// The job that this is the work of.
pub const JOB: &str = "sending";

/// The channels by which something can go out.
pub fn open_channels(app: &App) -> &'static [Channel] {
    if provider_tokens::is_configured(&app.config) { &[Channel::ZaloOa] } else { &[] }
}

/// Sends a batch by each channel.
pub async fn send_all_due(app: &App, done: &mut Tick) -> Result<(), Problem> {
    provider_tokens::store_held(app).await;
    let mut sent = Ok(());
    for channel in open_channels(app) {
        sent = sent.and(send_due(app, *channel, done).await);
    }
    sent
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
    let terms = Terms::for_requests_of(Duration::from_secs(app.config.zalo.timeout_seconds));
    let owner = Uuid::now_v7().to_string();
    let (claimed, until) = app
        .change_as(Actor::system(), async |tx| {
            let until = later(app.clock.now(), terms.lasts());
            Ok((deliveries::claim(tx, channel, &owner, until).await?, until))
        })
        .await?;
    let lease = Lease::of(&claimed, owner, until, terms);
    lease.keep(app, Box::pin(send_batch(app, &lease, &token, channel, claimed, done))).await
}

async fn send_batch(
    app: &App,
    lease: &Lease,
    token: &OaAccessToken,
    channel: Channel,
    claimed: Vec<Claimed>,
    done: &mut Tick,
) -> Result<(), Problem> {
    let messages = match prepare(app, channel, claimed.clone(), done).await {
        Ok(messages) => messages,
        Err(problem) => {
            // None of them was tried. Where they cannot be given back either, the lease ends.
            give_back(app, &claimed, NOT_ASKED).await?;
            return Err(problem);
        }
    };
    let stale = send(app, lease, token, messages, done).await?;
    if stale.is_empty() {
        return Ok(());
    }
    let Some(token) = provider_tokens::replace(app, token).await? else {
        let stale = stale.into_iter().map(|(message, _)| message).collect();
        return release(app, stale, WITHOUT_TOKEN, done).await;
    };
    let again = stale.into_iter().map(|(message, _)| message).collect();
    for (message, answer) in send(app, lease, &token, again, done).await? {
        done.count(conclude(app, &message.claimed, &Outcome::Failed { wait: Wait::Long, answer }).await?);
    }
    Ok(())
}

/// How long messages wait whose token went stale and could not be renewed.
const WITHOUT_TOKEN: TimeDelta = TimeDelta::seconds(60);
/// How long messages wait that a channel was not asked to take.
const NOT_ASKED: TimeDelta = TimeDelta::seconds(10);

/// What can be sent. What cannot be read is concluded here, alone: it will never go better, and holds up nobody else.
async fn prepare(app: &App, channel: Channel, claimed: Vec<Claimed>, done: &mut Tick) -> Result<Vec<Message>, Problem> {
    let claimed = give_up_worn_out(app, claimed, done).await?;
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

/// A delivery with which one worker after another has ended is given up: it may be what ends them.
async fn give_up_worn_out(app: &App, claimed: Vec<Claimed>, done: &mut Tick) -> Result<Vec<Claimed>, Problem> {
    let most = app.config.relay.max_attempts;
    let (worn_out, sound): (Vec<_>, Vec<_>) =
        claimed.into_iter().partition(|claimed| claimed.is_taken_over && claimed.attempt > most);
    for claimed in worn_out {
        tracing::error!(delivery.id = %claimed.id, "a delivery is given up: workers have ended while they sent it");
        let answer = "Workers ended while they sent it".to_owned();
        done.count(conclude(app, &claimed, &Outcome::Hopeless { reason: "too_many_attempts", answer }).await?);
    }
    Ok(sound)
}

/// What came of one message.
enum Handled {
    /// It is written down.
    Concluded(Option<DeliveryStatus>),
    /// The token was stale, as the channel said.
    Stale(Box<Message>, String),
    /// It was not sent: the lease is over, or the server stops.
    Unsent(Box<Message>),
    /// The channel was not asked, because it has not answered others.
    NotAsked(Box<Message>),
}

/// Sends a few at once and writes down what came of each; gives back those for which the token was stale. Each one's outcome
/// is written beside the others' sending: none of those under way stands still, whoever waits for the database.
async fn send(
    app: &App,
    lease: &Lease,
    token: &OaAccessToken,
    messages: Vec<Message>,
    done: &mut Tick,
) -> Result<Vec<(Message, String)>, Problem> {
    let mut sent =
        stream::iter(messages).map(async |message| handle(app, lease, token, message).await).buffer_unordered(AT_ONCE);
    let (mut stale, mut unsent, mut not_asked) = (Vec::new(), Vec::new(), Vec::new());
    let mut trouble = None;
    while let Some(handled) = sent.next().await {
        app.jobs.beat(JOB);
        match handled {
            Ok(Handled::Concluded(status)) => done.count(status),
            Ok(Handled::Stale(message, answer)) => stale.push((*message, answer)),
            Ok(Handled::Unsent(message)) => unsent.push(*message),
            Ok(Handled::NotAsked(message)) => not_asked.push(*message),
            // The others are let to their end: they are on their way.
            Err(problem) => trouble = trouble.or(Some(problem)),
        }
    }
    drop(sent);
    // Where the lease could not be held, the disk may be slow: not at once again.
    let pause = if app.is_stopping() { TimeDelta::zero() } else { NOT_ASKED };
    release(app, unsent, pause, done).await?;
    release(app, not_asked, NOT_ASKED, done).await?;
    trouble.map_or(Ok(stale), Err)
}

async fn handle(app: &App, lease: &Lease, token: &OaAccessToken, message: Message) -> Result<Handled, Problem> {
    if app.is_stopping() || !lease.allows(app, message.claimed.id).await {
        return Ok(Handled::Unsent(Box::new(message)));
    }
    let sent = match &message.oa_user_id {
        _ if !message.is_willing => Sent::Known(Outcome::NeverThisRecipient {
            reason: deliveries::NO_CONSENT,
            answer: "They have taken their consent back".to_owned(),
        }),
        // A message that panics fails alone, and is dead after a few attempts.
        Some(oa_user_id) => {
            caught(JOB, zalo_oa::send(app, token, oa_user_id, &message.news)).await.unwrap_or_else(|panicked| {
                Sent::Known(Outcome::Failed { wait: Wait::Short, answer: panicked.to_string() })
            })
        }
        None => Sent::Known(Outcome::NeverThisRecipient {
            reason: "not_a_follower",
            answer: "They do not follow the Official Account any more".to_owned(),
        }),
    };
    match sent {
        Sent::Known(outcome) => Ok(Handled::Concluded(conclude_surely(app, &message.claimed, &outcome).await?)),
        Sent::StaleToken(answer) => Ok(Handled::Stale(Box::new(message), answer)),
        Sent::NotAsked => Ok(Handled::NotAsked(Box::new(message))),
    }
}

/// How often, and after which pause, it is tried again to write an outcome down: long enough for a database that starts anew.
const OUTCOME_TRIES: usize = 10;
const OUTCOME_PAUSE: Duration = Duration::from_secs(1);

/// Writes down what came of an attempt, in spite of a database that is away for a moment: what has gone out and is not written
/// down goes out once more. The lease is renewed meanwhile.
async fn conclude_surely(app: &App, claimed: &Claimed, outcome: &Outcome) -> Result<Option<DeliveryStatus>, Problem> {
    for _ in 1..OUTCOME_TRIES {
        match conclude(app, claimed, outcome).await {
            Ok(status) => return Ok(status),
            Err(problem) => {
                tracing::warn!(delivery.id = %claimed.id, cause = ?problem.cause, "an outcome is still to be written down");
            }
        }
        app.jobs.beat(JOB);
        sleep(OUTCOME_PAUSE).await;
    }
    conclude(app, claimed, outcome).await
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

/// Gives messages back that were not sent: they are due after a pause, and this was no attempt.
async fn release(app: &App, unsent: Vec<Message>, pause: TimeDelta, done: &mut Tick) -> Result<(), Problem> {
    if unsent.is_empty() {
        return Ok(());
    }
    let claimed: Vec<_> = unsent.into_iter().map(|message| message.claimed).collect();
    give_back(app, &claimed, pause).await?;
    done.postponed = done.postponed.saturating_add(claimed.len());
    Ok(())
}

/// Gives back what is still one's own of this.
async fn give_back(app: &App, claimed: &[Claimed], pause: TimeDelta) -> Result<(), Problem> {
    app.change_as(Actor::system(), async |tx| {
        for claimed in claimed {
            deliveries::release(tx, claimed, later(tx.now(), pause)).await?;
        }
        Ok(())
    })
    .await
}
