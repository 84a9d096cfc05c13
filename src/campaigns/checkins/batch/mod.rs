//! Check-ins that a phone kept while it was offline: one transaction, an answer for each, and none stops another.

use super::{
    actions::{self, Received},
    holding::write_totals,
    wire::CheckinView,
};
use crate::{
    campaigns::ledger::Totals,
    db::Tx,
    kit::{
        http::{Item, Person},
        problems::Problem,
        values::{CheckinId, Language},
    },
    personal_data,
};

mod wire;

pub use wire::{BatchAnswer, BatchOutcome, BatchedCheckin, CheckinBatch, Outcome};

/// Who sends a batch, and how it is answered.
pub struct Sender<'a> {
    /// Whose check-ins they are.
    pub person: &'a Person,
    /// In which language problems are worded.
    pub language: Language,
    /// The request they came by.
    pub request_id: &'a str,
}

/// Takes each of them in its own savepoint, in the order of their ids: the same id waits for whoever brings it in too, and two
/// batches with the same ones would wait for each other. They are answered in the order they were sent.
pub async fn check_in_all(
    tx: &Tx,
    sender: &Sender<'_>,
    items: Vec<Item<BatchedCheckin>>,
    grace_days: u32,
) -> Result<BatchAnswer, Problem> {
    personal_data::hold_shared(tx, sender.person.member_id).await?;
    let mut totals = Totals::default();
    let mut outcomes = Vec::with_capacity(items.len());
    let mut items: Vec<_> = items.into_iter().enumerate().collect();
    items.sort_by_key(|(_, item)| item.content.as_ref().ok().and_then(|item| item.checkin.id));
    for (place, item) in items {
        let id = item.id.and_then(|id| serde_json::from_value(id).ok());
        let outcome = match item.content {
            Ok(item) => check_in_one(tx, &mut totals, sender, item, grace_days).await?,
            Err(problem) => Err(problem),
        };
        outcomes.push((place, id, outcome));
    }
    let received = outcomes.iter_mut().filter_map(|(_, _, outcome)| outcome.as_mut().ok());
    write_totals(tx, totals, received.map(Received::checkin_mut)).await?;
    outcomes.sort_by_key(|(place, ..)| *place);
    Ok(BatchAnswer { items: outcomes.into_iter().map(|(_, id, outcome)| worded(id, outcome, sender)).collect() })
}

/// The outer error is the server's own trouble, which stops the whole batch; the inner one is this item's.
async fn check_in_one(
    tx: &Tx,
    totals: &mut Totals,
    sender: &Sender<'_>,
    item: BatchedCheckin,
    grace_days: u32,
) -> Result<Result<Received, Problem>, Problem> {
    let part = tx.savepoint().await?;
    let mut sums = Totals::default();
    match actions::take(&part, &mut sums, sender.person, item.pledge_id, item.checkin, grace_days).await {
        Ok(received) => {
            part.release_into(tx).await?;
            totals.merge(sums);
            Ok(Ok(received))
        }
        Err(problem) if problem.code.status() >= 500 => Err(problem),
        Err(problem) => {
            part.roll_back().await?;
            Ok(Err(problem))
        }
    }
}

fn worded(id: Option<CheckinId>, outcome: Result<Received, Problem>, sender: &Sender<'_>) -> BatchOutcome {
    let (outcome, checkin, problem) = match outcome {
        Ok(Received::New(checkin)) => (Outcome::Created, Some(CheckinView::from(checkin)), None),
        Ok(Received::Known(checkin)) => (Outcome::Replayed, Some(CheckinView::from(checkin)), None),
        Err(problem) => (Outcome::Refused, None, Some(problem.worded(sender.language, sender.request_id))),
    };
    BatchOutcome { id, outcome, checkin, problem }
}
