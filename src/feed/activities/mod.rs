//! Activities: what people read. A draft is seen by its editors alone, what is published by everybody; each change is kept as
//! a revision. The public list is the most read page there is: it is served from memory.

mod actions;
mod activity;
mod belonging;
pub mod http;
mod markdown;
mod show;
mod store;
mod wire;

pub use actions::publish_due;
pub use activity::{Activity, ActivityKind, ActivityStatus};
pub use belonging::Belonging;
pub use markdown::to_html;
pub use show::show;
pub use store::{ActivityNews, Depth, due_since, insert_all, key_of, news_of, published_page};
pub use wire::{ActivityInclude, ActivityView};

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service
        .service(http::list_activities)
        .service(http::create_activity)
        .service(http::find_activity)
        .service(http::update_activity)
        .service(http::delete_activity)
        .service(http::submit_activity)
        .service(http::publish_activity)
        .service(http::archive_activity);
}
