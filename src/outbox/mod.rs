//! News travels by events. An action records one in its own transaction, so that what has happened and the news of it are
//! never apart; the pump gives each a position afterwards, in the order in which they became visible.

mod event;
mod prune;
mod pump;
mod record;
mod set_aside;

pub use event::Event;
pub use prune::{delete_told, prune, pruned_to};
pub use pump::{Numbered, number, waiting_since};
pub use record::record;
pub use set_aside::{count_set_aside, retry};
