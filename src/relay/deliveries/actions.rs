//! Changes of deliveries that somebody asks for.

use serde_json::json;

use super::{
    delivery::{Delivery, DeliveryStatus, not_retryable},
    store,
};
use crate::{
    audit::{self, Subject},
    db::{Effect, Tx},
    kit::{http::Person, problems::Problem, values::DeliveryId},
};

/// Has a delivery that did not arrive tried once more, now.
pub async fn retry(tx: &Tx, caller: &Person, id: DeliveryId) -> Result<Delivery, Problem> {
    let delivery = store::find_visible(tx, caller, id, tx.today()).await?.ok_or_else(Problem::not_found)?;
    // Asked of the row itself: a worker may have claimed it a moment ago.
    if !store::make_due(tx, id).await? {
        return Err(not_retryable(delivery.status));
    }
    let before = json!({"status": delivery.status});
    let after = json!({"status": DeliveryStatus::Pending});
    audit::record(tx, "retry_delivery", Subject { kind: "delivery", id: id.0 }, Some(before), Some(after)).await?;
    tx.after_commit(Effect::WakeRelay);
    store::find_visible(tx, caller, id, tx.today()).await?.ok_or_else(Problem::not_found)
}
