//! Consents over HTTP.

use actix_web::{get, put, web::Data};

use super::{
    actions,
    wire::{ConsentChoices, ConsentsView},
};
use crate::{
    app::App,
    kit::{
        http::{Answer, Body, IfMatch, Reply, RequestContext, SignedIn},
        values::Language,
    },
};

/// List your consents
///
/// What you are asked for, in the text of now, and what you have decided, with its history. Nothing optional is agreed to
/// before you say so.
#[utoipa::path(tag = "consents", responses((status = 200, body = ConsentsView)))]
#[get("/me/consents")]
pub async fn list_consents(app: Data<App>, caller: SignedIn, language: Language) -> Answer<ConsentsView> {
    let view = actions::view(app.db.reads(), caller.member_id, language).await?;
    let version = view.version();
    Ok(Reply::ok(view).version(version))
}

/// Decide on your consents
///
/// Agrees, or takes back, with effect at once: without `oa_messages` nothing more is sent to you on Zalo; without `location`
/// no place is kept with your check-ins, and those kept before are erased.
#[utoipa::path(tag = "consents", request_body = ConsentChoices,
    responses((status = 200, body = ConsentsView)))]
#[put("/me/consents")]
pub async fn update_consents(
    app: Data<App>,
    caller: SignedIn,
    language: Language,
    seen: IfMatch,
    context: RequestContext,
    body: Body<ConsentChoices>,
) -> Answer<ConsentsView> {
    let decisions = body.0.parse(app.clock.now())?;
    app.change(context, async |tx| {
        actions::decide(tx, &caller, &seen, decisions).await?;
        let view = actions::view(tx, caller.member_id, language).await?;
        let version = view.version();
        Ok(Reply::ok(view).version(version))
    })
    .await
}
