//! Check-ins: what somebody did for a commitment. The phone makes the id, so that sending again is the same check-in; what
//! was acknowledged is durable; a held one counts only after a person has decided.

mod actions;
mod batch;
mod belonging;
mod checkin;
mod decisions;
mod holding;
pub mod http;
mod places;
mod store;
mod wire;

pub use batch::BatchedCheckin;
pub use belonging::Belonging;
pub use checkin::{Checkin, CheckinStatus, Flag};
pub use decisions::news_of;
pub use holding::hold_excess;
pub use places::{READ_PLACE, places_of_others};
pub use store::{CheckinNews, ReviewRow, page_verified, review_page};
pub use wire::CheckinView;

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service
        .service(http::create_checkin_batch)
        .service(http::list_checkins)
        .service(http::create_checkin)
        .service(http::find_checkin)
        .service(http::update_checkin)
        .service(http::withdraw_checkin)
        .service(http::verify_checkin)
        .service(http::return_checkin);
}
