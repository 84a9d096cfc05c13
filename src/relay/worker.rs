//! The relay's work, in steps with outcomes: publish what is scheduled for now, number and spread what is new, work on what
//! providers told, send what is due, clear up. Each is a job of its own (`kit::work::jobs`), so that none stops another one. Any number
//! of workers may be at it at once, in any number of processes.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use tokio::sync::Notify;

use super::{
    SharedApp,
    channels::Channel,
    deliveries, hooks, housekeeping, provider_tokens,
    sending::{self, open_channels, send_all_due},
    spread::spread,
};
use crate::{
    app::{App, Job},
    audit,
    config::Config,
    db::{Actor, Db},
    feed::activities,
    kit::{
        problems::Problem,
        work::{Schedule, Waiting, Worked},
    },
    organisation::imports::Imports,
    outbox,
};

pub use super::tick::Tick;

const NUMBERING: &str = "numbering";
/// How often events that were set aside are looked at.
const RETRY_EVERY: Duration = Duration::from_secs(30);
const HOUSEKEEPING_EVERY: Duration = Duration::from_secs(60);
/// How often the files are gone through, all of them.
const SWEEP_EVERY: Duration = Duration::from_secs(3_600);

/// Every job of a worker. The jobs go on beside each other, so that nobody waits for their inbox while a channel takes its time,
/// and spreadsheets are brought in meanwhile.
pub fn jobs() -> Vec<Box<dyn Job>> {
    vec![
        Box::new(Numbering),
        Box::new(Publishing),
        Box::new(Retrying),
        Box::new(Hooks),
        Box::new(Imports),
        Box::new(Sending),
        Box::new(Housekeeping),
        Box::new(Sweeping),
    ]
}

/// Works until the app stops.
pub async fn run(app: SharedApp) {
    // All come to their own end: a step of an import that was dropped would keep its lease.
    join_all(jobs().into_iter().map(|job| Box::pin(app.run_job(job)))).await;
    provider_tokens::settle(&app).await;
}

/// What waits for all jobs of a worker, kind by kind.
pub async fn waiting(db: &Db, config: &Config, now: DateTime<Utc>) -> Result<Vec<Waiting>, Problem> {
    let mut waiting = Vec::new();
    for job in jobs() {
        waiting.extend(job.waiting(db, config, now).await?);
    }
    Ok(waiting)
}

fn one(name: &'static str, words: &'static str, since: Option<DateTime<Utc>>) -> Vec<Waiting> {
    vec![Waiting { name, words, since }]
}

fn often(app: &App) -> Schedule {
    Schedule::every(Duration::from_millis(app.config.relay.poll_ms))
}

/// Publishes what is scheduled for now.
struct Publishing;

#[async_trait(?Send)]
impl Job for Publishing {
    fn name(&self) -> &'static str {
        "publishing"
    }

    fn schedule(&self, app: &App) -> Schedule {
        often(app)
    }

    async fn waiting(&self, db: &Db, _config: &Config, now: DateTime<Utc>) -> Result<Vec<Waiting>, Problem> {
        let since = activities::due_since(db.reads(), now).await?;
        Ok(one("activities", "scheduled activities wait to be published", since))
    }

    async fn step(&mut self, app: &App) -> Result<Worked, Problem> {
        publish_due(app).await.map(more_if)
    }
}

/// Numbers events, spreads them, and chains the audit log.
struct Numbering;

#[async_trait(?Send)]
impl Job for Numbering {
    fn name(&self) -> &'static str {
        NUMBERING
    }

    fn schedule(&self, app: &App) -> Schedule {
        often(app)
    }

    fn bell<'a>(&self, app: &'a App) -> Option<&'a Notify> {
        Some(&app.bell)
    }

    async fn waiting(&self, db: &Db, _config: &Config, _now: DateTime<Utc>) -> Result<Vec<Waiting>, Problem> {
        let mut waiting = one("events", "events wait for their positions", outbox::waiting_since(db.reads()).await?);
        let rows = audit::waiting_since(db.reads()).await?;
        waiting.extend(one("audit_rows", "rows of the audit log wait for their place in the chain", rows));
        Ok(waiting)
    }

    async fn step(&mut self, app: &App) -> Result<Worked, Problem> {
        number(app).await.map(more_if)
    }
}

/// Spreads events again that were set aside.
struct Retrying;

#[async_trait(?Send)]
impl Job for Retrying {
    fn name(&self) -> &'static str {
        "retrying"
    }

    fn schedule(&self, _app: &App) -> Schedule {
        Schedule::every(RETRY_EVERY)
    }

    async fn step(&mut self, app: &App) -> Result<Worked, Problem> {
        retry(app).await.map(more_if)
    }
}

/// Works on what providers told.
struct Hooks;

#[async_trait(?Send)]
impl Job for Hooks {
    fn name(&self) -> &'static str {
        hooks::JOB
    }

    fn schedule(&self, app: &App) -> Schedule {
        often(app)
    }

    fn bell<'a>(&self, app: &'a App) -> Option<&'a Notify> {
        Some(&app.hooks_bell)
    }

    async fn waiting(&self, db: &Db, _config: &Config, now: DateTime<Utc>) -> Result<Vec<Waiting>, Problem> {
        let since = hooks::waiting_since(db.reads(), now).await?;
        Ok(one("provider_events", "providers' events wait to be worked on", since))
    }

    async fn step(&mut self, app: &App) -> Result<Worked, Problem> {
        hooks::work_off(app).await.map(more_if)
    }
}

/// Sends what goes out by other channels than the inbox.
struct Sending;

#[async_trait(?Send)]
impl Job for Sending {
    fn name(&self) -> &'static str {
        sending::JOB
    }

    fn schedule(&self, app: &App) -> Schedule {
        often(app)
    }

    fn bell<'a>(&self, app: &'a App) -> Option<&'a Notify> {
        Some(&app.sending_bell)
    }

    async fn waiting(&self, db: &Db, config: &Config, now: DateTime<Utc>) -> Result<Vec<Waiting>, Problem> {
        if !provider_tokens::is_configured(config) {
            return Ok(Vec::new());
        }
        let since = deliveries::waiting_since(db.reads(), Channel::ZaloOa, now).await?;
        Ok(one(DELIVERIES, "messages wait to be sent", since))
    }

    async fn step(&mut self, app: &App) -> Result<Worked, Problem> {
        send_step(app).await
    }
}

/// Clears up the database.
struct Housekeeping;

#[async_trait(?Send)]
impl Job for Housekeeping {
    fn name(&self) -> &'static str {
        housekeeping::JOB
    }

    fn schedule(&self, _app: &App) -> Schedule {
        Schedule { begins_later: true, ..Schedule::every(HOUSEKEEPING_EVERY) }
    }

    async fn waiting(&self, db: &Db, _config: &Config, now: DateTime<Utc>) -> Result<Vec<Waiting>, Problem> {
        let since = housekeeping::waiting_since(db, now).await?;
        Ok(one("expired", "what has expired waits to be cleared up", since))
    }

    async fn step(&mut self, app: &App) -> Result<Worked, Problem> {
        housekeeping::step(app).await
    }
}

/// Removes files that are nobody's.
struct Sweeping;

#[async_trait(?Send)]
impl Job for Sweeping {
    fn name(&self) -> &'static str {
        "sweeping"
    }

    fn schedule(&self, _app: &App) -> Schedule {
        Schedule { begins_later: true, ..Schedule::every(SWEEP_EVERY) }
    }

    async fn step(&mut self, app: &App) -> Result<Worked, Problem> {
        housekeeping::sweep_files(app).await.map(|()| Worked::All)
    }
}

/// Messages that wait, maybe for Zalo or for a token.
pub const DELIVERIES: &str = "deliveries";

fn more_if(count: usize) -> Worked {
    if count > 0 { Worked::More } else { Worked::All }
}

/// Goes on while something was sent or concluded. What only waits, for a token maybe, is looked at after a rest.
async fn send_step(app: &App) -> Result<Worked, Problem> {
    let mut done = Tick::default();
    send_all_due(app, &mut done).await?;
    Ok(if done.is_idle() { Worked::All } else { Worked::More })
}

/// Does what is to be done now, a batch of it. One part's trouble stops no other.
pub async fn tick(app: &App) -> Result<Tick, Problem> {
    let mut done = Tick::default();
    let written = Box::pin(write_due(app, &mut done)).await;
    let sent = Box::pin(send_all_due(app, &mut done)).await;
    written.and(sent)?;
    Ok(done)
}

/// Publishes, numbers and spreads, and works on what providers told.
async fn write_due(app: &App, done: &mut Tick) -> Result<(), Problem> {
    let published = publish_due(app).await.map(|count| done.published = count);
    let numbered = number(app).await.map(|count| done.numbered = count);
    let retried = retry(app).await.map(|count| done.retried = count);
    let told = hooks::work_off(app).await.map(|count| done.told = count);
    published.and(numbered).and(retried).and(told)
}

async fn publish_due(app: &App) -> Result<usize, Problem> {
    if activities::due_since(app.db.reads(), app.clock.now()).await?.is_none() {
        return Ok(0);
    }
    app.change_as(Actor::system(), async |tx| activities::publish_due(tx).await).await
}

async fn number(app: &App) -> Result<usize, Problem> {
    let numbered = outbox::number(&app.db, &app.clock, async |tx, event| {
        app.jobs.beat(NUMBERING);
        spread(tx, event, open_channels(app)).await
    })
    .await?;
    if numbered > 0 {
        app.sending_bell.notify_one();
    }
    Ok(numbered)
}

/// Tells people of what was set aside and is due again.
async fn retry(app: &App) -> Result<usize, Problem> {
    let retried =
        outbox::retry(&app.db, &app.clock, async |tx, event| spread(tx, event, open_channels(app)).await).await?;
    if retried > 0 {
        app.sending_bell.notify_one();
    }
    Ok(retried)
}
