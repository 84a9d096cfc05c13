//! Who did what, when, to what: append only, written in the transaction of the change itself, chained by hash afterwards in
//! the order of visibility. Personal values never stand in `before` and `after`.

mod record;

pub use record::{Subject, chain, is_anything_waiting, record};
