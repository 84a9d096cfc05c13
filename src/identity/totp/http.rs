//! Second factors over HTTP.

use actix_web::{delete, get, post, web::Data};

use super::{
    actions, store,
    wire::{NewTotpView, RecoveryCodesView, TotpConfirmation, TotpOwner, TotpView},
};
use crate::{
    app::App,
    identity::{sessions, staff},
    kit::http::{AccountHolder, Answer, Body, Reply, RequestContext},
};

const ISSUER: &str = "Thi Đua";

/// Find your second factor
///
/// Whether signing in with your password asks for a code too. 404 for whoever has no password here.
#[utoipa::path(tag = "totp",
    responses((status = 200, body = TotpView), (status = 404, description = "not_found")))]
#[get("/me/totp")]
pub async fn find_totp(app: Data<App>, caller: AccountHolder) -> Answer<TotpView> {
    staff::find_of(app.db.reads(), caller.member_id).await?;
    let is_enabled = store::is_enabled(app.db.reads(), caller.member_id).await?;
    let recovery_codes_left = store::recovery_codes_left(app.db.reads(), caller.member_id).await?;
    Ok(Reply::ok(TotpView { is_enabled, recovery_codes_left }))
}

/// Begin a second factor
///
/// Gives a secret for an authenticator (RFC 6238). It counts once `POST /v1/me/totp/confirm` has seen a code of it.
#[utoipa::path(tag = "totp", request_body = TotpOwner,
    responses((status = 200, body = NewTotpView), (status = 404, description = "not_found"), (status = 409, description = "already_exists")))]
#[post("/me/totp")]
pub async fn create_totp(
    app: Data<App>,
    caller: AccountHolder,
    context: RequestContext,
    body: Body<TotpOwner>,
) -> Answer<NewTotpView> {
    let account = staff::prove(&app, &caller, body.0.password, "/password").await?;
    // Not through `change`: the answer is a secret and is kept nowhere. Asked again, it is another one.
    let secret =
        app.change_as(context.actor(), async |tx| actions::begin(tx, &app.vault, caller.member_id).await).await?;
    let view = NewTotpView { secret: secret.to_base32(), uri: secret.uri(ISSUER, &account.username) };
    Ok(Reply::ok(view))
}

/// Confirm a second factor
///
/// With a code of the authenticator. From now on signing in asks for one. Gives recovery codes, this once. Your other
/// sessions end.
#[utoipa::path(tag = "totp", request_body = TotpConfirmation,
    responses((status = 200, body = RecoveryCodesView), (status = 404, description = "not_found"), (status = 409, description = "already_exists")))]
#[post("/me/totp/confirm")]
pub async fn confirm_totp(
    app: Data<App>,
    caller: AccountHolder,
    context: RequestContext,
    body: Body<TotpConfirmation>,
) -> Answer<RecoveryCodesView> {
    app.guesses.count(&format!("session:{}", caller.session_id))?;
    let recovery_codes = app
        .change_as(context.actor(), async |tx| {
            let codes = actions::confirm(tx, &app.vault, caller.member_id, &body.0.code).await?;
            sessions::close_all_of(tx, caller.member_id, Some(caller.session_id)).await?;
            Ok(codes)
        })
        .await?;
    Ok(Reply::ok(RecoveryCodesView { recovery_codes }))
}

/// Delete your second factor
///
/// Signing in asks for your password alone again; the recovery codes are of no more use.
#[utoipa::path(tag = "totp", request_body = TotpOwner,
    responses((status = 204), (status = 404, description = "not_found")))]
#[delete("/me/totp")]
pub async fn delete_totp(
    app: Data<App>,
    caller: AccountHolder,
    context: RequestContext,
    body: Body<TotpOwner>,
) -> Answer<()> {
    staff::prove(&app, &caller, body.0.password, "/password").await?;
    app.change(context, async |tx| {
        actions::remove(tx, caller.member_id).await?;
        Ok(Reply::nothing())
    })
    .await
}
