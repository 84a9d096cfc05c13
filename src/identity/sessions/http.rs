//! Sessions over HTTP.

use actix_web::{
    delete, get,
    web::{Data, Path},
};

use super::{
    actions, store,
    wire::{SessionFilter, SessionView},
};
use crate::{
    app::App,
    kit::{
        http::{Answer, Listed, OwnerOf, Query, Reply, RequestContext, SignedIn},
        values::SessionId,
    },
};

/// List your sessions
///
/// The devices that you are signed in on, the newest first. The one that asks is marked.
#[utoipa::path(tag = "sessions", params(SessionFilter),
    responses((status = 200, body = Listed<SessionView>)))]
#[get("/me/sessions")]
pub async fn list_sessions(
    app: Data<App>,
    caller: SignedIn,
    query: Query<SessionFilter>,
) -> Answer<Listed<SessionView>> {
    let whose = caller.member_id.to_string();
    let page = app.cursors.page(&query, &whose, query.filter.limit, query.filter.cursor.as_deref())?;
    let open = store::page_open(app.db.reads(), caller.member_id, app.clock.now(), &page).await?;
    let slice = app.cursors.slice(&page, open, |session| session.id);
    Ok(Reply::list(slice.map(|session| SessionView::shown_to(caller.session_id, session))))
}

/// Delete a session
///
/// Signs that device out: its refresh tokens at once, its access tokens within 5 seconds everywhere. It may be the one that
/// asks.
#[utoipa::path(tag = "sessions", params(("session_id" = SessionId, Path, description = "The session")),
    responses((status = 204)))]
#[delete("/me/sessions/{session_id}")]
pub async fn delete_session(
    app: Data<App>,
    caller: OwnerOf<SessionId>,
    path: Path<SessionId>,
    context: RequestContext,
) -> Answer<()> {
    app.change(context, async |tx| {
        actions::close_own(tx, caller.member_id, *path).await?;
        Ok(Reply::nothing())
    })
    .await
}
