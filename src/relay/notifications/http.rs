//! The inbox over HTTP.

use actix_web::{get, post, web::Data};

use super::{
    store,
    wire::{NotificationFilter, NotificationView, ReadMarks, UnreadCount},
};
use crate::{
    app::App,
    kit::{
        http::{Answer, Body, Listed, Query, Reply, RequestContext, SignedIn},
        values::Language,
    },
};

/// List notifications
///
/// Your own inbox, newest first, in the language of `Accept-Language`.
#[utoipa::path(tag = "notifications", params(NotificationFilter),
    responses((status = 200, body = Listed<NotificationView>)))]
#[get("/notifications")]
pub async fn list_notifications(
    app: Data<App>,
    caller: SignedIn,
    language: Language,
    query: Query<NotificationFilter>,
) -> Answer<Listed<NotificationView>> {
    let whose = caller.member_id.to_string();
    let page = app.cursors.page(&query, &whose, query.filter.limit, query.filter.cursor.as_deref())?;
    let received = store::page_of(app.db.reads(), caller.member_id, query.filter.unread, &page).await?;
    let slice = app.cursors.slice(&page, received, store::key_of);
    Ok(Reply::list(slice.filter_map(|received| NotificationView::new(received, language))).in_language(language))
}

/// Count unread notifications
///
/// How many in your inbox are unread, counted to 1,000: show that as "1000+".
#[utoipa::path(tag = "notifications",
    responses((status = 200, body = UnreadCount)))]
#[get("/notifications/unread-count")]
pub async fn find_unread_count(app: Data<App>, caller: SignedIn) -> Answer<UnreadCount> {
    let unread_count = store::count_unread(app.db.reads(), caller.member_id).await?;
    Ok(Reply::ok(UnreadCount { unread_count }))
}

/// Read notifications
///
/// Marks those with these ids as read, or all up to a position. What is not in your inbox is left alone.
#[utoipa::path(tag = "notifications", request_body = ReadMarks,
    responses((status = 200, body = UnreadCount)))]
#[post("/notifications/read")]
pub async fn read_notifications(
    app: Data<App>,
    caller: SignedIn,
    context: RequestContext,
    body: Body<ReadMarks>,
) -> Answer<UnreadCount> {
    let which = body.0.parse()?;
    app.change(context, async |tx| {
        store::mark_read(tx, caller.member_id, &which).await?;
        Ok(Reply::ok(UnreadCount { unread_count: store::count_unread(tx, caller.member_id).await? }))
    })
    .await
}
