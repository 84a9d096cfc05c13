//! One's own profile over HTTP.

use actix_web::{
    HttpRequest, HttpResponse, delete, get,
    http::header::CONTENT_DISPOSITION,
    patch, put,
    web::{Data, Payload},
};

use super::{
    actions,
    wire::{AvatarBytes, AvatarForm, MePatch, MeView},
};
use crate::{
    app::App,
    identity::avatars::{self, UPLOAD_LIMIT},
    kit::{
        http::{Answer, Body, IfMatch, Reply, RequestContext, SentFile, SignedIn, Upload, upload},
        problems::Problem,
    },
    organisation::members,
    personal_data,
};

/// Find yourself
///
/// Your own profile with its private part, and the highest role that you hold today.
#[utoipa::path(tag = "me", responses((status = 200, body = MeView)))]
#[get("/me")]
pub async fn find_me(app: Data<App>, caller: SignedIn, context: RequestContext) -> Answer<MeView> {
    let member = members::find(app.db.reads(), caller.member_id, app.clock.today()).await?;
    let member = member.ok_or_else(Problem::not_found)?;
    let version = member.version;
    Ok(Reply::ok(actions::view(&app, context.actor(), &caller, member).await?).version(version))
}

/// Update yourself
///
/// What you are called in public, and your e-mail address. What is absent stays, null clears.
#[utoipa::path(tag = "me",
    request_body(content = MePatch, content_type = "application/merge-patch+json"), responses((status = 200, body = MeView)))]
#[patch("/me")]
pub async fn update_me(
    app: Data<App>,
    caller: SignedIn,
    seen: IfMatch,
    context: RequestContext,
    body: Body<MePatch>,
) -> Answer<MeView> {
    let change = body.0.parse()?;
    let actor = context.actor();
    let member = app
        .change_as(context.actor(), async |tx| members::update_own(tx, &app.vault, &caller, &seen, change).await)
        .await?;
    let version = member.version;
    Ok(Reply::ok(actions::view(&app, actor, &caller, member).await?).version(version))
}

/// Delete your account
///
/// Takes away who you are, at once and for good: name, picture, contact, Zalo link, sessions, your notes and places. What you
/// did stays in the figures, without a name. The last admin makes another one first.
#[utoipa::path(tag = "me", responses((status = 204), (status = 409, description = "last_admin")))]
#[delete("/me")]
pub async fn delete_me(app: Data<App>, caller: SignedIn, seen: IfMatch, context: RequestContext) -> Answer<()> {
    let erased = app.change_as(context.actor(), async |tx| actions::erase(&app, tx, &caller, &seen).await).await;
    let erased = personal_data::settle_erasure(&app, caller.member_id, erased).await?;
    personal_data::finish_erasure(&app, erased).await;
    Ok(Reply::nothing())
}

/// Export your data
///
/// A ZIP file of JSON with all that is held on you, and a guide to its fields in Vietnamese.
#[utoipa::path(tag = "me",
    responses((status = 200, description = "The ZIP file", body = [u8], content_type = "application/zip")))]
#[get("/me/export")]
pub async fn export_me(app: Data<App>, caller: SignedIn, context: RequestContext) -> Result<HttpResponse, Problem> {
    let zip = actions::export(&app, context.actor(), &caller).await?;
    Ok(HttpResponse::Ok()
        .content_type("application/zip")
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"du-lieu-ca-nhan.zip\""))
        .body(zip))
}

/// Put up your picture
///
/// A JPEG, PNG or WebP, 5 MiB at most: its bytes as the body, or a form with the field `file`, as a browser's `FormData` and
/// the Mini App's file picker send it. The middle of it is kept in two sizes, 96 and 384 pixels a side;
/// whatever else the file said, a place among it, is gone. `avatar_url` is where it is. A picture has 40 million pixels at the
/// most and does not move.
#[utoipa::path(tag = "me",
    request_body(content((AvatarBytes = "image/*"), (AvatarForm = "multipart/form-data")), description = "The picture"),
    responses((status = 200, body = MeView), (status = 413, description = "body_too_large"),
        (status = 415, description = "unsupported_media_type"), (status = 422, description = "picture_too_large animated_picture unreadable_picture"),
        (status = 429, description = "too_many_uploads")))]
#[put("/me/avatar")]
pub async fn update_avatar(
    app: Data<App>,
    caller: SignedIn,
    seen: IfMatch,
    context: RequestContext,
    request: HttpRequest,
    payload: Payload,
) -> Answer<MeView> {
    let _place = app.uploads.begin(caller.member_id)?;
    let kept = avatars::keep(&app, read(&app, &request, payload).await?).await?;
    let actor = context.actor();
    let put_up = app
        .change_as(context.actor(), async |tx| avatars::put_up(&app, tx, caller.member_id, &kept, &seen).await)
        .await;
    if put_up.is_err() {
        // They were erased meanwhile, or there is no room: nothing of it stays, unless somebody has the same picture.
        personal_data::remove_avatar(&app, &kept.hash).await;
    }
    let (member, before) = put_up?;
    if let Some(before) = before {
        personal_data::remove_avatar(&app, &before).await;
    }
    let version = member.version;
    Ok(Reply::ok(actions::view(&app, actor, &caller, member).await?).version(version))
}

/// Take down your picture
///
/// Its files are removed. Doing so again changes nothing.
#[utoipa::path(tag = "me", responses((status = 204)))]
#[delete("/me/avatar")]
pub async fn delete_avatar(app: Data<App>, caller: SignedIn, seen: IfMatch, context: RequestContext) -> Answer<()> {
    let before =
        app.change_as(context.actor(), async |tx| avatars::take_down(tx, caller.member_id, &seen).await).await?;
    if let Some(before) = before {
        personal_data::remove_avatar(&app, &before).await;
    }
    Ok(Reply::nothing())
}

/// The picture: a form's file, or the whole body, which for pictures may be larger than elsewhere.
async fn read(app: &App, request: &HttpRequest, payload: Payload) -> Result<SentFile, Problem> {
    let temporary = app.files.temporary().await.map_err(Problem::of_file)?;
    if upload::is_form(request) {
        return AvatarForm::parse(Upload::receive(request, payload, "file", UPLOAD_LIMIT, temporary).await?);
    }
    SentFile::receive(payload, UPLOAD_LIMIT, temporary).await
}
