//! Passwords over HTTP.

use actix_web::{put, web::Data};

use super::{actions, wire::PasswordChange};
use crate::{
    app::App,
    identity::staff,
    kit::http::{AccountHolder, Answer, Body, Reply, RequestContext},
};

/// Update your password
///
/// For staff. Every other session of yours ends. 404 for whoever has no password here: members sign in through Zalo.
#[utoipa::path(tag = "password", request_body = PasswordChange,
    responses((status = 204), (status = 404, description = "not_found")))]
#[put("/me/password")]
pub async fn update_password(
    app: Data<App>,
    caller: AccountHolder,
    context: RequestContext,
    body: Body<PasswordChange>,
) -> Answer<()> {
    let PasswordChange { current_password, new_password } = body.0;
    let account = staff::prove(&app, &caller, current_password.clone(), "/current_password").await?;
    actions::check(&account, &current_password, &new_password)?;
    let new_hash = staff::hash(&app.hashing, new_password).await?;
    app.change(context, async |tx| {
        actions::change(tx, &caller, &account, new_hash).await?;
        Ok(Reply::nothing())
    })
    .await
}
