//! What waits to be done in the background, read off the database: so it is known in every process, and also when no worker runs.

use chrono::{DateTime, Utc};

use super::{channels::Channel, deliveries, hooks, housekeeping, provider_tokens};
use crate::{
    audit,
    config::Config,
    db::Db,
    feed::activities,
    kit::{problems::problem::Problem, values::clock::earlier, work::jobs::LONGEST_STEP},
    organisation::imports,
    outbox,
};

/// Work of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its name in the metrics.
    pub name: &'static str,
    /// The same in words.
    pub words: &'static str,
    /// Since when the oldest of it has waited; none: nothing waits.
    pub since: Option<DateTime<Utc>>,
}

impl Waiting {
    /// Has it waited for longer than a living worker lets anything wait?
    pub fn is_late(&self, now: DateTime<Utc>) -> bool {
        self.since.is_some_and(|since| since < earlier(now, LONGEST_STEP))
    }

    /// How long the oldest of it has waited, in seconds.
    pub fn seconds(&self, now: DateTime<Utc>) -> u64 {
        let waited = self.since.map_or(0, |since| now.signed_duration_since(since).num_seconds());
        u64::try_from(waited).unwrap_or(0)
    }
}

/// Messages that wait, maybe for Zalo or for a token.
pub const DELIVERIES: &str = "deliveries";

/// All that waits now, kind by kind.
pub async fn waiting(db: &Db, config: &Config, now: DateTime<Utc>) -> Result<Vec<Waiting>, Problem> {
    let reads = db.reads();
    let kind = |name, words, since| Waiting { name, words, since };
    let mut waiting = vec![
        kind("events", "events wait for their positions", outbox::waiting_since(reads).await?),
        kind(
            "audit_rows",
            "rows of the audit log wait for their place in the chain",
            audit::waiting_since(reads).await?,
        ),
        kind("activities", "scheduled activities wait to be published", activities::due_since(reads, now).await?),
        kind("provider_events", "providers' events wait to be worked on", hooks::waiting_since(reads, now).await?),
        kind("imports", "imports wait to be worked on", imports::waiting_since(reads, now).await?),
        kind("expired", "what has expired waits to be cleared up", housekeeping::waiting_since(db, now).await?),
    ];
    if provider_tokens::is_configured(config) {
        let since = deliveries::waiting_since(reads, Channel::ZaloOa, now).await?;
        waiting.push(kind(DELIVERIES, "messages wait to be sent", since));
    }
    Ok(waiting)
}
