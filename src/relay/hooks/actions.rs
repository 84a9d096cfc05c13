//! Taking an event in, and working on it later.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::{
    event::{MiniAppEvent, REVOKED},
    store,
};
use crate::{
    app::App,
    db::{Actor, Effect, Tx},
    entity::provider_event,
    identity::role_grants,
    kit::{clock::later, jobs::caught, problem::Problem, vault::Vault, wait::Wait},
    organisation::members,
    personal_data::{self, Source},
};

/// The job that this is the work of.
pub const JOB: &str = "hooks";
const MINI_APP: &str = "zalo_mini_app";
const EVENT_KEY: &str = "provider_event.event_key";

/// Stores an event of the Mini App, once however often it is told. Whom it is about is kept as a keyed hash.
pub async fn take_in(tx: &Tx, vault: &Vault, fields: &Map<String, Value>) -> Result<(), Problem> {
    let Some(event) = MiniAppEvent::of(fields) else {
        tracing::warn!("Zalo has told of the Mini App what nobody here understands");
        return Ok(());
    };
    let text = serde_json::to_string(fields).map_err(Problem::internal)?;
    let subject = event.user_id.as_deref().map(|user| members::zalo_look_up(vault, user));
    if store::insert(tx, MINI_APP, vault.look_up(EVENT_KEY, &text), &event, subject).await? {
        tx.after_commit(Effect::WakeRelay);
    }
    Ok(())
}

/// Works on a batch of what is due. Gives how many events it was. One that cannot be worked on holds up no other: it is tried
/// again, less and less often, and raises its alarm each time.
pub async fn work_off(app: &App) -> Result<usize, Problem> {
    let due = store::due(app.db.reads(), app.clock.now()).await?;
    for row in &due {
        let worked = caught(JOB, work_on(app, row)).await.unwrap_or_else(|panicked| Err(Problem::internal(panicked)));
        app.jobs.beat(JOB);
        if let Err(problem) = worked {
            let cause = problem.cause.as_ref();
            tracing::error!(alarm = "zalo_event_waits", event.id = %row.id, error = %problem, ?cause, "an event of Zalo waits");
            let wait = Wait::Short.after(row.attempt.saturating_add(1), rand::random());
            app.change_as(Actor::system(), async |tx| Ok(store::postpone(tx, row, later(tx.now(), wait)).await?))
                .await?;
        }
    }
    Ok(due.len())
}

async fn work_on(app: &App, row: &provider_event::Model) -> Result<(), Problem> {
    let outcome = match (row.kind.as_str(), &row.subject_hash) {
        (REVOKED, Some(subject)) => revoke(app, subject, row.occurred_at).await?,
        _ => "not_for_us",
    };
    app.change_as(Actor::system(), async |tx| Ok(store::finish(tx, row.id, outcome).await?)).await
}

/// Erases whoever withdrew their consent. An event from before they signed in anew is about who they were then. The last
/// admin's waits, and raises its alarm, until somebody has made another one.
async fn revoke(app: &App, subject: &str, occurred_at: DateTime<Utc>) -> Result<&'static str, Problem> {
    let Some((member, since)) = members::find_by_zalo_hash(app.db.reads(), subject).await? else {
        return Ok("nobody_here");
    };
    if since > occurred_at {
        return Ok("outdated");
    }
    let permit = async |tx: &Tx| role_grants::keep_an_admin(tx, |grant| grant.member_id == member).await;
    let is_erased = personal_data::erase_now(app, member, Source::Zalo, occurred_at, permit).await?;
    Ok(if is_erased { "erased" } else { "nobody_here" })
}
