//! Campaigns, what is pledged in them, what is done, and the figures that follow.

pub mod campaigns;
pub mod checkins;
pub mod pledges;
