//! Campaigns.

mod store;

pub use store::{CampaignNews, audience_members, news_of};
