//! Taking an event in, and working on it later.

use std::cell::Cell;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::{
    event::{MiniAppEvent, REVOKED},
    store,
};
use crate::{
    app::App,
    audit::{self, Subject},
    db::{Actor, Effect, Tx},
    entity::provider_event,
    identity::role_grants,
    kit::{
        problems::{Code, Problem},
        secrets::Vault,
        values::{MemberId, clock::later},
        work::{Wait, jobs::caught},
    },
    organisation::members,
    personal_data::{self, Source},
};

/// The job that this is the work of.
pub const JOB: &str = "hooks";
const MINI_APP: &str = "zalo_mini_app";
const EVENT_KEY: &str = "provider_event.event_key";
/// What came of an event about somebody who is not here.
const NOBODY: &str = "nobody_here";

/// Stores an event of the Mini App, once however often it is told. Whom it is about is kept as a keyed hash.
pub async fn take_in(tx: &Tx, vault: &Vault, fields: &Map<String, Value>) -> Result<(), Problem> {
    let Some(event) = MiniAppEvent::of(fields, tx.now()) else {
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
        let worked =
            Box::pin(caught(JOB, work_on(app, row))).await.unwrap_or_else(|panicked| Err(Problem::internal(panicked)));
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

/// Erases whoever withdrew their consent, unless they have signed in with Zalo since: then they have come back, and the event
/// is late, or somebody tells it again. What was decided is in the audit log either way. The last admin's withdrawal waits, and
/// raises its alarm, until somebody has made another one.
async fn revoke(app: &App, subject: &str, occurred_at: DateTime<Utc>) -> Result<&'static str, Problem> {
    let outcome = try_to_revoke(app, subject, occurred_at).await?;
    metrics::counter!("thidua_zalo_withdrawals_total", "outcome" => outcome).increment(1);
    Ok(outcome)
}

async fn try_to_revoke(app: &App, subject: &str, occurred_at: DateTime<Utc>) -> Result<&'static str, Problem> {
    let Some((member, signed_in_at)) = members::find_by_zalo_hash(app.db.reads(), subject).await? else {
        return Ok(NOBODY);
    };
    if signed_in_at > occurred_at {
        return leave(app, member, occurred_at, signed_in_at).await;
    }
    let came_back = Cell::new(None);
    let permit = async |tx: &Tx| {
        role_grants::keep_an_admin(tx, |grant| grant.member_id == member).await?;
        // As it is now that nobody signs in: whoever did so a moment ago stays.
        personal_data::hold(tx, member).await?;
        let now = members::find_by_zalo_hash(tx, subject).await?;
        match now.filter(|(found, _)| *found == member) {
            Some((_, signed_in_at)) if signed_in_at > occurred_at => {
                came_back.set(Some(signed_in_at));
                Err(Problem::new(Code::PreconditionFailed))
            }
            Some(_) => Ok(()),
            None => Err(Problem::not_found()),
        }
    };
    match personal_data::erase_now(app, member, Source::Zalo, occurred_at, permit).await {
        Ok(true) => Ok("erased"),
        Ok(false) => Ok(NOBODY),
        Err(problem) => match came_back.get() {
            Some(signed_in_at) => leave(app, member, occurred_at, signed_in_at).await,
            None => Err(problem),
        },
    }
}

async fn leave(
    app: &App,
    member: MemberId,
    occurred_at: DateTime<Utc>,
    signed_in_at: DateTime<Utc>,
) -> Result<&'static str, Problem> {
    let after = json!({"occurred_at": occurred_at, "signed_in_at": signed_in_at});
    let subject = Subject { kind: "member", id: member.0 };
    let record = async |tx: &Tx| audit::record(tx, "leave_withdrawal", subject, None, Some(after)).await;
    app.change_as(Actor::system(), record).await?;
    Ok("outdated")
}
