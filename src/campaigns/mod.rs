//! Campaigns, what is pledged in them, what is done, and the figures that follow.

#[expect(clippy::module_inception, reason = "the noun of `/v1/campaigns`, in the room of the same name")]
pub mod campaigns;
