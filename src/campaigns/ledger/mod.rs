//! The ledger: append only. For every check-in the sum of its entries is what its state says: held (0, 0), submitted (q, 0),
//! verified (q, q), returned or withdrawn (0, 0). Totals are a summary of it for speed, written in the same transaction.

mod entry;
mod store;

pub use entry::{Cause, Counted, entries_between};
pub use store::{Derived, Drift, Part, Totals, UnitFigures, post, recount, repair_totals, totals_in, totals_of};
