//! Data requests over HTTP.

use actix_web::{
    get, post,
    web::{Data, Path},
};

use super::{
    actions, store,
    store::Which,
    wire::{DataRequestFilter, DataRequestView, NewDataRequest, NewOwnDataRequest, OwnDataRequestFilter, Resolution},
};
use crate::{
    app::App,
    kit::{
        http::{Admin, Answer, Body, IfMatch, Listed, NoFields, Query, Reply, RequestContext, SignedIn},
        values::DataRequestId,
    },
    personal_data,
};

/// List your data requests
///
/// What you have asked about your personal data, and what came of it.
#[utoipa::path(tag = "data_requests", params(OwnDataRequestFilter),
    responses((status = 200, body = Listed<DataRequestView>)))]
#[get("/me/data-requests")]
pub async fn list_own_data_requests(
    app: Data<App>,
    caller: SignedIn,
    query: Query<OwnDataRequestFilter>,
) -> Answer<Listed<DataRequestView>> {
    let whose = caller.member_id.to_string();
    let page = app.cursors.page(&query, &whose, query.filter.limit, query.filter.cursor.as_deref())?;
    let which = Which { member: Some(caller.member_id), ..Which::default() };
    let requests = store::page(app.db.reads(), which, &page).await?;
    let now = app.clock.now();
    Ok(Reply::list(app.cursors.slice(&page, requests, store::key_of).map(|request| DataRequestView::new(request, now))))
}

/// Ask about your data
///
/// To correct it, to restrict or stop a use of it, or what else you ask for. Somebody replies within 2 working days, and it
/// is done within 72 hours.
#[utoipa::path(tag = "data_requests", request_body = NewOwnDataRequest,
    responses((status = 201, body = DataRequestView)))]
#[post("/me/data-requests")]
pub async fn create_own_data_request(
    app: Data<App>,
    caller: SignedIn,
    context: RequestContext,
    body: Body<NewOwnDataRequest>,
) -> Answer<DataRequestView> {
    app.change(context, async |tx| {
        let request = actions::ask(tx, &caller, body.0.kind, body.0.detail).await?;
        let version = request.version;
        let view = DataRequestView::new(request, tx.now());
        Ok(Reply::created("/v1/me/data-requests".to_owned(), view).version(version))
    })
    .await
}

/// List data requests
///
/// All of them, what is due first, first; `?overdue=true` for those of which a deadline has passed. What you read here is
/// written into the audit log.
#[utoipa::path(tag = "data_requests", params(DataRequestFilter),
    responses((status = 200, body = Listed<DataRequestView>)))]
#[get("/data-requests")]
pub async fn list_data_requests(
    app: Data<App>,
    _caller: Admin,
    context: RequestContext,
    query: Query<DataRequestFilter>,
) -> Answer<Listed<DataRequestView>> {
    let page = app.cursors.page(&query, "", query.filter.limit, query.filter.cursor.as_deref())?;
    let now = app.clock.now();
    let requests = store::page(app.db.reads(), query.filter.which(now), &page).await?;
    app.accessed(&context, "read_data_request", &actions::subjects(&requests)).await?;
    Ok(Reply::list(app.cursors.slice(&page, requests, store::key_of).map(|request| DataRequestView::new(request, now))))
}

/// Write down a data request
///
/// One that came by letter, by telephone or in person. Its deadlines begin when it came.
#[utoipa::path(tag = "data_requests", request_body = NewDataRequest,
    responses((status = 201, body = DataRequestView)))]
#[post("/data-requests")]
pub async fn create_data_request(
    app: Data<App>,
    _caller: Admin,
    context: RequestContext,
    body: Body<NewDataRequest>,
) -> Answer<DataRequestView> {
    app.change(context, async |tx| {
        let request = actions::write_down(tx, body.0).await?;
        let version = request.version;
        let view = DataRequestView::new(request, tx.now());
        Ok(Reply::created("/v1/data-requests".to_owned(), view).version(version))
    })
    .await
}

/// Acknowledge a data request
///
/// You have replied to whoever asked. Doing so again changes nothing.
#[utoipa::path(tag = "data_requests", params(("data_request_id" = DataRequestId, Path, description = "The request")),
    request_body = NoFields,
    responses((status = 200, body = DataRequestView), (status = 409, description = "data_request_resolved")))]
#[post("/data-requests/{data_request_id}/acknowledge")]
pub async fn acknowledge_data_request(
    app: Data<App>,
    _caller: Admin,
    path: Path<DataRequestId>,
    seen: IfMatch,
    context: RequestContext,
    _body: Body<NoFields>,
) -> Answer<DataRequestView> {
    app.change(context, async |tx| {
        let request = actions::acknowledge(tx, *path, &seen).await?;
        let version = request.version;
        Ok(Reply::ok(DataRequestView::new(request, tx.now())).version(version))
    })
    .await
}

/// Resolve a data request
///
/// Says what came of it. Resolving an erasure as done erases the member, at once and for good; of the last admin it is refused
/// until there is another one.
#[utoipa::path(tag = "data_requests", params(("data_request_id" = DataRequestId, Path, description = "The request")),
    request_body = Resolution,
    responses((status = 200, body = DataRequestView), (status = 409, description = "data_request_resolved last_admin")))]
#[post("/data-requests/{data_request_id}/resolve")]
pub async fn resolve_data_request(
    app: Data<App>,
    caller: Admin,
    path: Path<DataRequestId>,
    context: RequestContext,
    body: Body<Resolution>,
) -> Answer<DataRequestView> {
    let (mut begun, mut leftovers) = (None, None);
    let answer = app
        .change(context, async |tx| {
            let (request, erased) = actions::resolve(&app, tx, &caller, *path, body.0, &mut begun).await?;
            leftovers = erased;
            let version = request.version;
            Ok(Reply::ok(DataRequestView::new(request, tx.now())).version(version))
        })
        .await;
    let Some(member) = begun else { return answer };
    let answer = personal_data::settle_erasure(&app, member, answer).await?;
    if let Some(erased) = leftovers {
        personal_data::finish_erasure(&app, erased).await;
    }
    Ok(answer)
}
