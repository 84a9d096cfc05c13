//! What the relay has done.

use super::deliveries::DeliveryStatus;

/// What one tick did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tick {
    /// Events that were given positions and spread, or rows chained into the audit log.
    pub numbered: usize,
    /// Deliveries that their channel took.
    pub sent: usize,
    /// Deliveries that failed and will be tried again.
    pub failed: usize,
    /// Deliveries to recipients who cannot be reached by that channel.
    pub suppressed: usize,
    /// Deliveries that were given up.
    pub dead: usize,
    /// Deliveries that wait for a token.
    pub postponed: usize,
    /// Scheduled activities that were published.
    pub published: usize,
    /// Events that were set aside and tried again, with or without success.
    pub retried: usize,
    /// Providers' events that were worked on, with or without success.
    pub told: usize,
}

impl Tick {
    /// Was there nothing to do?
    pub fn is_idle(&self) -> bool {
        *self == Self::default()
    }

    /// Counts what became of a delivery.
    pub(super) fn count(&mut self, status: Option<DeliveryStatus>) {
        let Some(status) = status else { return };
        let counted = match status {
            DeliveryStatus::Delivered => &mut self.sent,
            DeliveryStatus::Failed => &mut self.failed,
            DeliveryStatus::Suppressed => &mut self.suppressed,
            DeliveryStatus::Dead => &mut self.dead,
            DeliveryStatus::Pending | DeliveryStatus::Sending => &mut self.postponed,
        };
        *counted = counted.saturating_add(1);
    }
}
