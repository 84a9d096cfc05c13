//! The relay's work, in steps with outcomes: publish what is scheduled for now, number and spread what is new, work on what
//! providers told, send what is due, clear up. Each is a job of its own (`kit::work::jobs`), so that none stops another one. Any number
//! of workers may be at it at once, in any number of processes.

use std::time::Duration;

use super::{
    SharedApp, hooks, housekeeping, provider_tokens,
    sending::{self, open_channels, send_all_due},
    spread::spread,
};
use crate::{
    app::App,
    db::Actor,
    feed::activities,
    kit::{
        problems::problem::Problem,
        work::jobs::{Job, Worked},
    },
    organisation::imports,
    outbox,
};

pub use super::tick::Tick;

const NUMBERING: &str = "numbering";
/// How often events that were set aside are looked at.
const RETRYING: Job = Job::new("retrying", Duration::from_secs(30));
const HOUSEKEEPING: Job = Job { begins_later: true, ..Job::new(housekeeping::JOB, Duration::from_secs(60)) };
/// How often the files are gone through, all of them.
const SWEEPING: Job = Job { begins_later: true, ..Job::new("sweeping", Duration::from_secs(3_600)) };

/// Works until the app stops. The jobs go on beside each other, so that nobody waits for their inbox while a channel takes its
/// time, and spreadsheets are brought in meanwhile.
pub async fn run(app: SharedApp) {
    let poll = Duration::from_millis(app.config.relay.poll_ms);
    let job = |name| Job::new(name, poll);
    // All come to their own end: a step of an import that was dropped would keep its lease.
    tokio::join!(
        Box::pin(app.run_job(job("publishing"), None, async || publish_due(&app).await.map(more_if))),
        Box::pin(app.run_job(job(NUMBERING), Some(&app.bell), async || number(&app).await.map(more_if))),
        Box::pin(app.run_job(RETRYING, None, async || retry(&app).await.map(more_if))),
        Box::pin(
            app.run_job(job(hooks::JOB), Some(&app.hooks_bell), async || hooks::work_off(&app).await.map(more_if))
        ),
        Box::pin(app.run_job(job(sending::JOB), Some(&app.sending_bell), async || send_step(&app).await)),
        Box::pin(imports::work(&app)),
        Box::pin(app.run_job(HOUSEKEEPING, None, async || housekeeping::step(&app).await)),
        Box::pin(app.run_job(SWEEPING, None, async || housekeeping::sweep_files(&app).await.map(|()| Worked::All))),
    );
    provider_tokens::settle(&app).await;
}

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
