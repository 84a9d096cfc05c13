//! Deliveries on the wire.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::delivery::{Attempt, Delivery, DeliveryStatus};
use crate::kit::values::{DeliveryId, MemberId};

/// A message on its way by an outside channel.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeliveryView {
    /// Its id.
    pub id: DeliveryId,
    /// What kind of news it carries.
    #[schema(examples("checkin.verified"))]
    pub kind: String,
    /// To whom.
    pub member_id: MemberId,
    /// By which channel.
    #[schema(examples("zalo_oa"))]
    pub channel: String,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// How often it was begun.
    #[schema(minimum = 0, examples(1))]
    pub attempt: i32,
    /// When it is next to be tried; for one that is over, when it was.
    pub due_at: DateTime<Utc>,
    /// Why it failed or was not sent.
    #[schema(examples("not_a_follower"))]
    pub reason: Option<String>,
    /// What was tried, first to last.
    pub attempts: Vec<DeliveryAttemptView>,
}

/// One try of a delivery.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeliveryAttemptView {
    /// Which.
    #[schema(minimum = 1, examples(1))]
    pub attempt: i32,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When its outcome was known.
    pub finished_at: DateTime<Utc>,
    /// What came of it: the status that the delivery had afterwards.
    #[schema(examples("failed"))]
    pub outcome: String,
    /// What the channel said.
    #[schema(examples("Zalo's official_account API answered with HTTP status 500"))]
    pub answer: Option<String>,
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: delivery.id,
            kind: delivery.kind,
            member_id: delivery.member_id,
            channel: delivery.channel.to_string(),
            status: delivery.status,
            attempt: delivery.attempt,
            due_at: delivery.due_at,
            reason: delivery.reason,
            attempts: delivery.attempts.into_iter().map(DeliveryAttemptView::from).collect(),
        }
    }
}

impl From<Attempt> for DeliveryAttemptView {
    fn from(attempt: Attempt) -> Self {
        Self {
            attempt: attempt.attempt,
            started_at: attempt.started_at,
            finished_at: attempt.finished_at,
            outcome: attempt.outcome.to_string(),
            answer: attempt.answer,
        }
    }
}

/// Which deliveries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeliveryFilter {
    /// Only those that stand so.
    #[param(inline)]
    pub status: Option<DeliveryStatus>,
    /// How many items at the most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[param(max_length = 1000)]
    pub cursor: Option<String>,
}
