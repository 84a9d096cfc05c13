//! Providers' events over HTTP.

use actix_web::{
    HttpRequest, HttpResponse, post,
    web::{Bytes, Data},
};
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value};

use super::{actions, event::is_signed};
use crate::{
    app::App,
    kit::{
        http::RequestContext,
        problems::{Code, Problem},
    },
};

const SIGNATURE: &str = "x-zevent-signature";
/// The longest event, in bytes; Zalo's own have a few hundred.
const LONGEST_EVENT: usize = 64 * 1024;

/// Receive an event of the Mini App
///
/// For Zalo alone: the header `X-ZEvent-Signature` is checked, the event stored once, and answered at once; a withdrawn
/// consent (`user.revoke.consent`) erases the member soon after, unless they have signed in since. An empty object, with which Zalo tries the address, is taken.
#[utoipa::path(tag = "hooks",
    request_body(content = Object, content_type = "application/json", description = "The event"),
    responses((status = 200, description = "It is stored"), (status = 401, description = "invalid_signature"),
        (status = 413, description = "body_too_large")))]
#[post("/hooks/zalo/mini-app")]
pub async fn receive_mini_app_event(
    app: Data<App>,
    request: HttpRequest,
    context: RequestContext,
    body: Bytes,
) -> Result<HttpResponse, Problem> {
    if body.len() > LONGEST_EVENT {
        return Err(Problem::new(Code::BodyTooLarge).with("limit", LONGEST_EVENT));
    }
    let fields: Map<String, Value> = serde_json::from_slice(&body)
        .map_err(|error| Problem::new(Code::InvalidJson).with("line", error.line()).with("column", error.column()))?;
    if fields.is_empty() {
        return Ok(HttpResponse::Ok().finish());
    }
    let signature = request.headers().get(SIGNATURE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !is_signed(&fields, signature, app.config.zalo.mini_app_api_key.expose_secret()) {
        metrics::counter!("thidua_hook_signatures_refused_total").increment(1);
        return Err(Problem::new(Code::InvalidSignature));
    }
    app.change_as(context.actor(), async |tx| actions::take_in(tx, &app.vault, &fields).await).await?;
    Ok(HttpResponse::Ok().finish())
}
