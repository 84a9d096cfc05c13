//! Sign-in over HTTP.

use actix_web::{HttpRequest, http::header::USER_AGENT, post, web::Data};

use super::{
    actions,
    wire::{OwnProfile, RefreshRequest, SignedInView, ZaloSignIn},
};
use crate::{
    app::App,
    identity::{
        authenticate::load_person,
        sessions::{self, TokenPair, device_name},
    },
    kit::{
        http::{Answer, Body, ClientAddress, NoFields, Reply, RequestContext, SignedIn},
        problems::{Code, Problem},
    },
    organisation::members,
};

/// When to try again after an erasure that came between.
const AT_ONCE_SECONDS: u64 = 1;

/// Sign in with Zalo
///
/// A Mini App's access token, verified against Zalo, becomes a session. The first sign-in links the Zalo id to the member
/// who was imported with the same phone number and is nobody's yet, else makes a guest. A guest who shares their number
/// later becomes that member, unless they have done something as a guest. Whoever has a staff account signs in with their
/// password instead (`staff_account`). Codes are exchanged only for a token that Zalo knows, and once. A token that Zalo has
/// refused is refused for a minute without asking again; an address with many of them waits (429, `Retry-After`), and so does
/// a token that is shown more than 20 times a minute.
#[utoipa::path(tag = "auth", request_body = ZaloSignIn,
    responses((status = 200, body = SignedInView), (status = 401, description = "zalo_token_refused"),
        (status = 403, description = "staff_account"),
        (status = 500, description = "zalo_misconfigured internal_error"),
        (status = 503, description = "zalo_outside_vietnam zalo_unavailable unavailable")))]
#[post("/auth/zalo")]
pub async fn sign_in_with_zalo(
    app: Data<App>,
    http: HttpRequest,
    address: ClientAddress,
    context: RequestContext,
    body: Body<ZaloSignIn>,
) -> Answer<SignedInView> {
    let from_zalo = actions::ask_zalo(&app, address, &body.0).await?;
    let user_agent = http.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
    let device = user_agent.and_then(device_name);
    let view = app
        .change_as(context.actor(), async |tx| {
            let (member_id, opened) = actions::sign_in(&app, tx, from_zalo, device).await?;
            // Whoever is erased at this very moment comes back as a guest.
            let gone = || Problem::new(Code::Unavailable).header("retry-after", AT_ONCE_SECONDS);
            let member = members::find(tx, member_id, tx.today()).await?.ok_or_else(gone)?;
            let person = load_person(tx, member_id, opened.session_id, tx.today()).await?;
            let role = person.ok_or_else(gone)?.role();
            Ok(SignedInView { tokens: opened.tokens, member: OwnProfile { member: member.into(), role } })
        })
        .await?;
    Ok(Reply::ok(view))
}

/// Refresh a session
///
/// A refresh token is good once. Using one a second time ends its session: somebody has copied it.
#[utoipa::path(tag = "auth", request_body = RefreshRequest,
    responses((status = 200, body = TokenPair), (status = 401, description = "invalid_refresh_token")))]
#[post("/auth/refresh")]
pub async fn refresh_session(app: Data<App>, context: RequestContext, body: Body<RefreshRequest>) -> Answer<TokenPair> {
    let pair =
        app.change_as(context.actor(), async |tx| sessions::renew(&app, tx, &body.0.refresh_token, None).await).await?;
    Ok(Reply::ok(TokenPair::or_refused(pair)?))
}

/// Log out
///
/// Ends the session that the access token belongs to: its refresh tokens at once, its access tokens within 5 seconds.
#[utoipa::path(tag = "auth", request_body = NoFields, responses((status = 204)))]
#[post("/auth/logout")]
pub async fn log_out(app: Data<App>, caller: SignedIn, context: RequestContext, _body: Body<NoFields>) -> Answer<()> {
    app.change(context, async |tx| {
        sessions::close(tx, caller.session_id).await?;
        Ok(Reply::nothing())
    })
    .await
}
