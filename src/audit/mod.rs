//! Who did what, when, to what: append only, written in the transaction of the change itself, chained by hash afterwards in
//! the order of visibility. The database itself refuses to change or delete what was written down. Personal values never
//! stand in `before` and `after`.

mod chain;
mod prune;
mod record;

pub use chain::{Break, Chain, chain, is_anything_waiting, verify, waiting_since};
pub use prune::prune;
pub use record::{Subject, accessed, changed, difference, masked, record};
