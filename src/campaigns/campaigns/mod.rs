//! Campaigns: phases, targets, and for whom. Once launched a campaign never loses a target or a phase, and every change of
//! it is kept as a numbered version.

mod actions;
mod audience;
mod belonging;
mod campaign;
pub mod http;
mod parts;
mod store;
mod wire;

pub use actions::require_duty;
pub use audience::{audience_members, is_open_to, open_to};
pub use belonging::Belonging;
pub use campaign::{Audience, Campaign, Kind, Milestone, Phase, Status, Target, TargetKind, Usual};
pub use parts::target;
pub use store::{
    CampaignNews, find, find_held, find_running, find_visible, news_of, running_on, titles, version_number,
};

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service
        .service(http::list_campaigns)
        .service(http::create_campaign)
        .service(http::find_campaign)
        .service(http::update_campaign)
        .service(http::delete_campaign)
        .service(http::launch_campaign)
        .service(http::close_campaign);
}
