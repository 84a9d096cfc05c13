//! Campaigns, what is pledged in them, what is done, and the figures that follow. Facts are appended (`ledger`); every total
//! is a sum of them.

#[expect(clippy::module_inception, reason = "the noun is named like its room, and the file like the noun")]
pub mod campaigns;
mod ledger;
pub mod pledges;
pub mod checkins;
pub mod progress;
pub mod targets;
pub mod review_queue;
pub mod works;
