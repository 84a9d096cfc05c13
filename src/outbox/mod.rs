//! News travels by events. An action records one in its own transaction, so that what has happened and the news of it are
//! never apart; the pump gives each a position afterwards, in the order in which they became visible.

mod event;
mod pump;
mod record;

pub use event::Event;
pub use pump::{Numbered, number};
pub use record::record;
