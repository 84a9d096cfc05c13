//! The inbox: news for a member, newest first. A notification is kept once however many receive it; a row in each inbox
//! points to it. Someone else's inbox does not exist for the caller.

pub mod http;
mod store;
mod wire;

pub use store::{Recipients, delete_old, delete_old_rows, insert, news_of, put_into_inboxes};

/// The operations of this noun.
pub fn routes(service: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    service.service(http::list_notifications).service(http::find_unread_count).service(http::read_notifications);
}
