//! Pledges: what a unit or a member promises. A signed one keeps its text; afterwards it changes only by a new version that
//! keeps the old one.

mod actions;
mod belonging;
pub mod http;
mod pledge;
mod store;
mod tally;
mod usual;
mod wire;

pub use belonging::Belonging;
pub use pledge::{Commitment, Pledge, Pledger};
pub use store::{PledgeNews, find_visible, news_of, pledged_by_unit};
pub use tally::{keep_standing, recount_standings, repair_standings};
pub use usual::{look_again, outdated};

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service
        .service(http::list_pledges)
        .service(http::create_pledge)
        .service(http::find_pledge)
        .service(http::update_pledge)
        .service(http::delete_pledge)
        .service(http::sign_pledge);
}
