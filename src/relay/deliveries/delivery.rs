//! What a delivery is, what may come of an attempt, and when the next one is due.

use chrono::{DateTime, Utc};

use crate::{
    kit::{
        problems::{Code, Problem},
        values::{DeliveryId, MemberId, clock::later},
        work::Wait,
    },
    relay::channels::Channel,
};

pub use crate::entity::{delivery::DeliveryStatus, delivery_attempt::Model as Attempt};

/// How many are claimed at once.
pub const BATCH: u64 = 50;
/// How many are sent at the same time.
pub const AT_ONCE: usize = 10;

/// A delivery with what was tried.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// What kind of news it carries.
    pub kind: String,
    /// To whom.
    pub member_id: MemberId,
    /// By which channel.
    pub channel: Channel,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// How often it was begun.
    pub attempt: i32,
    /// When it is next to be tried, or was.
    pub due_at: DateTime<Utc>,
    /// Why it failed last.
    pub reason: Option<String>,
    /// What was tried, first to last.
    pub attempts: Vec<Attempt>,
}

/// What came of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The channel took it, under this id of its own.
    Delivered {
        /// The channel's id of the message.
        message_id: String,
    },
    /// It may go better later.
    Failed {
        /// How much later.
        wait: Wait,
        /// What the channel said.
        answer: String,
    },
    /// It will never go better.
    Hopeless {
        /// Why.
        reason: &'static str,
        /// What the channel said.
        answer: String,
    },
    /// This recipient cannot be reached by this channel until they do something themselves.
    NeverThisRecipient {
        /// Why.
        reason: &'static str,
        /// What the channel said.
        answer: String,
    },
}

/// What an outcome makes of its delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conclusion {
    /// Where it stands now.
    pub status: DeliveryStatus,
    /// When it is next to be tried, where it is.
    pub due_at: Option<DateTime<Utc>>,
    /// Why it failed.
    pub reason: Option<&'static str>,
}

impl Outcome {
    /// What it makes of a delivery whose `attempt`th try this was, of `max_attempts`. `jitter` is from 0 to 1.
    pub fn conclude(&self, attempt: i32, max_attempts: i32, now: DateTime<Utc>, jitter: f64) -> Conclusion {
        let ended = |status, reason| Conclusion { status, due_at: None, reason };
        match self {
            Self::Delivered { .. } => ended(DeliveryStatus::Delivered, None),
            Self::Hopeless { reason, .. } => ended(DeliveryStatus::Dead, Some(*reason)),
            Self::NeverThisRecipient { reason, .. } => ended(DeliveryStatus::Suppressed, Some(*reason)),
            Self::Failed { .. } if attempt >= max_attempts => ended(DeliveryStatus::Dead, Some("too_many_attempts")),
            Self::Failed { wait, .. } => Conclusion {
                status: DeliveryStatus::Failed,
                due_at: Some(later(now, wait.after(attempt, jitter))),
                reason: Some("channel_failed"),
            },
        }
    }

    /// What the channel said.
    pub fn answer(&self) -> Option<&str> {
        match self {
            Self::Delivered { .. } => None,
            Self::Failed { answer, .. } | Self::Hopeless { answer, .. } | Self::NeverThisRecipient { answer, .. } => {
                Some(answer)
            }
        }
    }
}

/// A delivery that cannot be sent again.
pub fn not_retryable(status: DeliveryStatus) -> Problem {
    Problem::new(Code::DeliveryState).with("status", status)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed() -> Outcome {
        Outcome::Failed { wait: Wait::Short, answer: String::new() }
    }

    #[test]
    fn the_last_attempt_is_the_last() {
        let now = DateTime::UNIX_EPOCH;

        assert_eq!(failed().conclude(7, 8, now, 0.5).status, DeliveryStatus::Failed);
        assert_eq!(failed().conclude(8, 8, now, 0.5).status, DeliveryStatus::Dead);
        assert_eq!(failed().conclude(8, 8, now, 0.5).due_at, None);
    }
}
