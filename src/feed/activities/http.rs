//! Activities over HTTP.

use actix_web::{
    FromRequest as _, HttpRequest, HttpResponse, delete, get,
    http::uri::PathAndQuery,
    patch, post,
    web::{Data, Path},
};

use super::{
    Activity, ActivityView, Depth, actions,
    show::{show, show_one},
    store,
    wire::{ActivityFilter, ActivityInclude, ActivityPatch, NewActivity, PublishActivity},
};
use crate::{
    app::{App, CachedPage},
    db::Tx,
    kit::{
        http::{
            Answer, Anybody, Body, Caller, Editor, EditorOf, IfMatch, Listed, NoFields, OptionalBody, Query, Reply,
            RequestContext, page::DEFAULT_LIMIT,
        },
        problems::Problem,
        values::ActivityId,
    },
};

/// List activities
///
/// What is published, for everybody to read without signing in: pinned first, newest next. Served from memory, so that it
/// costs the same however many read it; a change is seen at once, at the latest after 5 seconds.
#[utoipa::path(tag = "activities", params(ActivityFilter),
    responses((status = 200, body = Listed<ActivityView>)))]
#[get("/activities")]
pub async fn list_activities(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let address = request.uri().path_and_query().map_or("", PathAndQuery::as_str);
    // Only what was asked for rightly is kept: an address that is found needs no checking.
    if let Some(page) = app.pages.at(address).await {
        return Ok(page.answer(request.headers()));
    }
    let query = Query::<ActivityFilter>::extract(&request).await?;
    query.filter.check()?;
    let page = app.pages.make(address, &name_of(&query), Box::pin(make_page(&app, &query))).await?;
    Ok(page.answer(request.headers()))
}

/// The same for all addresses that mean the same.
fn name_of(query: &Query<ActivityFilter>) -> String {
    let Query { filter, pairs, path } = query;
    format!("{path} {pairs:?} {} {:?}", filter.limit.unwrap_or(DEFAULT_LIMIT), filter.cursor)
}

async fn make_page(app: &App, query: &Query<ActivityFilter>) -> Result<CachedPage, Problem> {
    let (db, filter, today) = (app.db.reads(), &query.filter, app.clock.today());
    let depth = depth_of(filter.include);
    let page = app.cursors.page(query, "", filter.limit, filter.cursor.as_deref())?;
    let part = store::part_of(db, filter, today).await?;
    let activities = store::published_page(db, part, depth, &page).await?;
    let slice = show(db, app.cursors.slice(&page, activities, store::key_of), depth, today).await?;
    let link = slice.link().map(str::to_owned);
    let json = serde_json::to_vec(&slice.into_listed()).map_err(Problem::internal)?;
    CachedPage::new(json, link.as_deref())
}

/// How much a list with this `include` reads.
pub fn depth_of(include: Option<ActivityInclude>) -> Depth {
    if include == Some(ActivityInclude::Body) { Depth::Article } else { Depth::Outline }
}

/// Find an activity
///
/// The whole article. Published ones are for everybody; drafts, submitted and archived ones for their editors alone.
#[utoipa::path(tag = "activities", params(("activity_id" = ActivityId, Path, description = "The activity")),
    responses((status = 200, body = ActivityView)))]
#[get("/activities/{activity_id}")]
pub async fn find_activity(app: Data<App>, caller: Anybody, path: Path<ActivityId>) -> Answer<ActivityView> {
    let (db, today) = (app.db.reads(), app.clock.today());
    let person = caller.0.as_ref().and_then(Caller::person);
    let activity = store::find_visible(db, person, *path, today).await?.ok_or_else(Problem::not_found)?;
    let version = activity.version;
    Ok(Reply::ok(show_one(db, activity, today).await?).version(version))
}

/// Create an activity
///
/// A draft for a unit that you are an editor of, by a role over it or over one above it.
#[utoipa::path(tag = "activities", request_body = NewActivity,
    responses((status = 201, body = ActivityView), (status = 409, description = "already_exists")))]
#[post("/activities")]
pub async fn create_activity(
    app: Data<App>,
    caller: Editor,
    context: RequestContext,
    body: Body<NewActivity>,
) -> Answer<ActivityView> {
    let activity = body.0.parse(caller.member_id)?;
    app.change(context, async |tx| {
        let activity = actions::create(tx, &caller, activity).await?;
        let (location, version) = (format!("/v1/activities/{}", activity.id), activity.version);
        let view = show_one(tx, activity, tx.today()).await?;
        Ok(Reply::created(location, view).version(version))
    })
    .await
}

/// Update an activity
///
/// By its editors. Each change is kept as a revision; a published one changes for everybody at once, an archived one no more.
#[utoipa::path(tag = "activities", params(("activity_id" = ActivityId, Path, description = "The activity")),
    request_body = ActivityPatch,
    responses((status = 200, body = ActivityView), (status = 409, description = "activity_state")))]
#[patch("/activities/{activity_id}")]
pub async fn update_activity(
    app: Data<App>,
    caller: EditorOf<ActivityId>,
    path: Path<ActivityId>,
    seen: IfMatch,
    context: RequestContext,
    body: Body<ActivityPatch>,
) -> Answer<ActivityView> {
    let edit = body.0.parse()?;
    app.change(context, async |tx| shown(tx, actions::update(tx, &caller, *path, &seen, edit).await?).await).await
}

/// Delete an activity
///
/// A draft, by its editors. Whatever others have read is archived instead.
#[utoipa::path(tag = "activities", params(("activity_id" = ActivityId, Path, description = "The activity")),
    responses((status = 204), (status = 409, description = "activity_state")))]
#[delete("/activities/{activity_id}")]
pub async fn delete_activity(
    app: Data<App>,
    caller: EditorOf<ActivityId>,
    path: Path<ActivityId>,
    seen: IfMatch,
    context: RequestContext,
) -> Answer<()> {
    app.change(context, async |tx| {
        actions::delete(tx, &caller, *path, &seen).await?;
        Ok(Reply::nothing())
    })
    .await
}

/// Submit an activity
///
/// Hands a draft in for publication.
#[utoipa::path(tag = "activities", params(("activity_id" = ActivityId, Path, description = "The activity")),
    request_body = NoFields,
    responses((status = 200, body = ActivityView), (status = 409, description = "activity_state")))]
#[post("/activities/{activity_id}/submit")]
pub async fn submit_activity(
    app: Data<App>,
    caller: EditorOf<ActivityId>,
    path: Path<ActivityId>,
    context: RequestContext,
    _body: Body<NoFields>,
) -> Answer<ActivityView> {
    app.change(context, async |tx| shown(tx, actions::submit(tx, &caller, *path).await?).await).await
}

/// Publish an activity
///
/// Lets everybody read a draft or a submitted one from now on, and tells of it; with `publish_at` once that moment has come.
/// Until then its editors see it as submitted, and publishing it again changes the moment.
#[utoipa::path(tag = "activities", params(("activity_id" = ActivityId, Path, description = "The activity")),
    request_body = PublishActivity,
    responses((status = 200, body = ActivityView), (status = 409, description = "activity_state")))]
#[post("/activities/{activity_id}/publish")]
pub async fn publish_activity(
    app: Data<App>,
    caller: EditorOf<ActivityId>,
    path: Path<ActivityId>,
    context: RequestContext,
    body: OptionalBody<PublishActivity>,
) -> Answer<ActivityView> {
    let at = body.0.publish_at;
    app.change(context, async |tx| shown(tx, actions::publish(tx, &caller, *path, at).await?).await).await
}

/// Archive an activity
///
/// Takes a published one out of sight, or a submitted one, scheduled or not, that is not to be published; its editors still
/// see it.
#[utoipa::path(tag = "activities", params(("activity_id" = ActivityId, Path, description = "The activity")),
    request_body = NoFields,
    responses((status = 200, body = ActivityView), (status = 409, description = "activity_state")))]
#[post("/activities/{activity_id}/archive")]
pub async fn archive_activity(
    app: Data<App>,
    caller: EditorOf<ActivityId>,
    path: Path<ActivityId>,
    context: RequestContext,
    _body: Body<NoFields>,
) -> Answer<ActivityView> {
    app.change(context, async |tx| shown(tx, actions::archive(tx, &caller, *path).await?).await).await
}

async fn shown(tx: &Tx, activity: Activity) -> Answer<ActivityView> {
    let version = activity.version;
    Ok(Reply::ok(show_one(tx, activity, tx.today()).await?).version(version))
}
