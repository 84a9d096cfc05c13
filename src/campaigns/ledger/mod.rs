//! The ledger: append only. For every check-in the sum of its entries is what its state says: held (0, 0), submitted (q, 0),
//! verified (q, q), returned or withdrawn (0, 0). Totals are a summary of it for speed, written in the same transaction
//! (`totals`), and proved by it (`recount`). The ledger has no bound; a stored total has.

mod entry;
mod recount;
mod store;
mod totals;

pub use entry::{Cause, Counted, entries_between};
pub use recount::{Derived, Drift, excess, recount, repair_totals};
pub use store::{Part, UnitFigures, post, totals_in, totals_of};
pub use totals::{NO_PHASE, ROOM, TotalKey, Totals};
