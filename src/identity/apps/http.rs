//! Client apps over HTTP.

use actix_web::{
    delete, get, patch, post,
    web::{Data, Path},
};

use super::{
    ClientApp, actions, load_origins, store,
    wire::{AppFilter, AppPatch, AppView, AppWithSecret, NewApp},
};
use crate::{
    app::App,
    kit::{
        http::{Admin, Answer, Body, IfMatch, Listed, NoFields, Query, Reply, RequestContext},
        problems::Problem,
        secrets::secret::random_token,
        values::ClientAppId,
    },
};

/// List apps
///
/// The client apps of third parties, disabled ones too. For admins.
#[utoipa::path(tag = "apps", params(AppFilter), responses((status = 200, body = Listed<AppView>)))]
#[get("/apps")]
pub async fn list_apps(app: Data<App>, caller: Admin, query: Query<AppFilter>) -> Answer<Listed<AppView>> {
    let whose = caller.member_id.to_string();
    let page = app.cursors.page(&query, &whose, query.filter.limit, query.filter.cursor.as_deref())?;
    let apps = store::page(app.db.reads(), &page).await?;
    Ok(Reply::list(app.cursors.slice(&page, apps, |client| client.id).map(AppView::from)))
}

/// Create an app
///
/// Gives its client id and its secret, which is shown this once. For admins.
#[utoipa::path(tag = "apps", request_body = NewApp,
    responses((status = 201, body = AppWithSecret)))]
#[post("/apps")]
pub async fn create_app(
    app: Data<App>,
    _caller: Admin,
    context: RequestContext,
    body: Body<NewApp>,
) -> Answer<AppWithSecret> {
    let client_secret = random_token();
    let new = body.0.parse(&client_secret)?;
    let answer = app
        .change(context.with_secret_answer(), async |tx| {
            let made = actions::create(tx, new).await?;
            let (location, version) = (format!("/v1/apps/{}", made.id), made.version);
            Ok(Reply::created(location, AppWithSecret { app: made.into(), client_secret }).version(version))
        })
        .await?;
    load_origins(&app).await;
    Ok(answer)
}

/// Find an app
///
/// Without its secret, which is not shown again. For admins.
#[utoipa::path(tag = "apps", params(("app_id" = ClientAppId, Path, description = "The app")),
    responses((status = 200, body = AppView)))]
#[get("/apps/{app_id}")]
pub async fn find_app(app: Data<App>, _caller: Admin, path: Path<ClientAppId>) -> Answer<AppView> {
    store::find(app.db.reads(), *path).await?.ok_or_else(Problem::not_found).map(tagged)
}

/// Update an app
///
/// What it loses, its tokens lose within 5 seconds; disabled, it may do nothing. For admins.
#[utoipa::path(tag = "apps", params(("app_id" = ClientAppId, Path, description = "The app")),
    request_body(content = AppPatch, content_type = "application/merge-patch+json"), responses((status = 200, body = AppView)))]
#[patch("/apps/{app_id}")]
pub async fn update_app(
    app: Data<App>,
    _caller: Admin,
    path: Path<ClientAppId>,
    seen: IfMatch,
    context: RequestContext,
    body: Body<AppPatch>,
) -> Answer<AppView> {
    let patch = body.0.parse()?;
    let answer = app.change(context, async |tx| actions::update(tx, *path, &seen, patch).await.map(tagged)).await?;
    load_origins(&app).await;
    Ok(answer)
}

/// Delete an app
///
/// For good: its tokens end within 5 seconds, and its client id is not given out again. For admins.
#[utoipa::path(tag = "apps", params(("app_id" = ClientAppId, Path, description = "The app")),
    responses((status = 204)))]
#[delete("/apps/{app_id}")]
pub async fn delete_app(
    app: Data<App>,
    _caller: Admin,
    path: Path<ClientAppId>,
    seen: IfMatch,
    context: RequestContext,
) -> Answer<()> {
    let answer = app
        .change(context, async |tx| {
            actions::delete(tx, *path, &seen).await?;
            Ok(Reply::nothing())
        })
        .await?;
    load_origins(&app).await;
    Ok(answer)
}

/// Rotate an app's secret
///
/// The old secret is of no more use at once. The new one is shown this once. For admins.
#[utoipa::path(tag = "apps", params(("app_id" = ClientAppId, Path, description = "The app")),
    request_body = NoFields, responses((status = 200, body = AppWithSecret)))]
#[post("/apps/{app_id}/rotate-secret")]
pub async fn rotate_app_secret(
    app: Data<App>,
    _caller: Admin,
    path: Path<ClientAppId>,
    context: RequestContext,
    _body: Body<NoFields>,
) -> Answer<AppWithSecret> {
    let client_secret = random_token();
    app.change(context.with_secret_answer(), async |tx| {
        let rotated = actions::rotate_secret(tx, *path, &client_secret).await?;
        let version = rotated.version;
        Ok(Reply::ok(AppWithSecret { app: rotated.into(), client_secret }).version(version))
    })
    .await
}

fn tagged(client: ClientApp) -> Reply<AppView> {
    let version = client.version;
    Reply::ok(client.into()).version(version)
}
