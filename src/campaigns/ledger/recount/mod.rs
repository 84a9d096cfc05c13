//! What is derived, against the ledger: which figures differ, and stored totals made right again.

mod store;

use super::totals::{ROOM, TotalKey};
use crate::kit::values::{CheckinId, PledgeId, Quantity, Total};
use store::CheckinStatus;

pub use store::{excess, recount, repair_totals};

/// A stored figure that a recount from the ledger does not confirm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// What it is a figure of.
    pub of: Derived,
    /// Which figure.
    pub figure: String,
    /// What is stored.
    pub stored: String,
    /// What it should be.
    pub recounted: String,
}

/// What is derived from the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Derived {
    /// A total, kept for speed.
    Total(TotalKey),
    /// Where a pledge stands.
    Standing(PledgeId),
    /// A check-in. The ledger stands for it and contradicts it: only a person can decide which is right.
    Checkin(CheckinId),
}

/// A stored total beside the sums of its entries: reported, verified.
struct Compared {
    key: TotalKey,
    stored: (Total, Total),
    recounted: (Total, Total),
}

impl Compared {
    /// How much of it a stored total has no room for.
    fn excess(&self) -> Total {
        let (reported, verified) = self.recounted;
        Total::ZERO.max(reported.max(verified) - Total::from_thousandths(ROOM.into()))
    }
}

impl From<Compared> for Drift {
    fn from(compared: Compared) -> Self {
        let text = |(reported, verified): (Total, Total)| format!("reported {reported}, verified {verified}");
        let (target, unit, _) = compared.key;
        Self {
            of: Derived::Total(compared.key),
            figure: format!("target {target} of unit {unit}"),
            stored: text(compared.stored),
            recounted: text(compared.recounted),
        }
    }
}

/// A check-in beside the sums of its entries.
struct ComparedCheckin {
    id: CheckinId,
    status: CheckinStatus,
    quantity: Quantity,
    reported: Total,
    verified: Total,
}

impl From<ComparedCheckin> for Drift {
    fn from(compared: ComparedCheckin) -> Self {
        Self {
            of: Derived::Checkin(compared.id),
            figure: format!("check-in {}", compared.id),
            stored: format!("{} with {}", compared.status, compared.quantity),
            recounted: format!("reported {}, verified {}", compared.reported, compared.verified),
        }
    }
}
