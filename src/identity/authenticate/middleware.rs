//! The gate: who calls, and whether they may call that often. A token that is not good is a 401 on every route, the public
//! ones too, so that a client learns of it where it happens; but not where it would renew the token, nor where no caller
//! makes a difference.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use actix_web::{
    HttpMessage as _, ResponseError as _,
    body::{BoxBody, EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header::AUTHORIZATION,
    middleware::Next,
    web::Data,
};
use chrono::DateTime;

use super::store;
use crate::{
    app::{App, token_key},
    identity::{apps, keys},
    kit::{
        http::{Caller, ClientAddress, routes::route_of},
        problems::{Code, Problem},
        secrets::{Claims, KeyRing},
        values::{ClientAppId, MemberId, SessionId},
    },
};

/// Finds out who calls, counts the call, and lets it through.
pub async fn authenticate<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, actix_web::Error> {
    let Some(app) = request.app_data::<Data<App>>().cloned() else {
        return next.call(request).await.map(ServiceResponse::map_into_left_body);
    };
    let route = route_of(request.request());
    let is_counted = route.as_ref().is_none_or(|route| route.operation.is_counted);
    let reads_bearer_token = route.as_ref().is_none_or(|route| route.operation.reads_bearer_token);
    let address = address_of(&request, app.config.server.forwarded_hops);
    request.extensions_mut().insert(ClientAddress(address));
    // For whoever verifies below, and for whatever signs behind. Probes wait for no database.
    if is_counted && keys::refresh(&app).await {
        apps::load_origins(&app).await;
    }
    let caller = if reads_bearer_token { caller_of(&app, &request).await } else { Ok(None) };
    let caller = match caller {
        Ok(caller) => caller,
        Err(problem) => {
            // Whoever tries tokens is counted by address, and told so.
            let (problem, left) = match app.limits.count(None, address) {
                Ok(left) => (problem, left),
                Err(refused) => (refused.problem, refused.left),
            };
            let mut response = request.into_response(problem.error_response()).map_into_right_body();
            left.write(response.headers_mut());
            return Ok(response);
        }
    };
    if !is_counted {
        return next.call(request).await.map(ServiceResponse::map_into_left_body);
    }
    let left = match app.limits.count(caller.as_ref(), address) {
        Ok(left) => left,
        Err(refused) => {
            let mut response = request.into_response(refused.problem.error_response()).map_into_right_body();
            refused.left.write(response.headers_mut());
            return Ok(response);
        }
    };
    let is_forwarded = app.config.server.forwarded_hops > 0;
    let _under_way = match is_forwarded.then(|| app.in_flight.begin(address)).transpose() {
        Ok(under_way) => under_way,
        Err(problem) => {
            let mut response = request.into_response(problem.error_response()).map_into_right_body();
            left.write(response.headers_mut());
            return Ok(response);
        }
    };
    if let Some(caller) = caller {
        request.extensions_mut().insert(caller);
    }
    let mut response = next.call(request).await?.map_into_left_body();
    left.write(response.headers_mut());
    Ok(response)
}

/// The client's address: what the outermost trusted proxy wrote down, or the peer's. Entries are counted as they stand, before
/// any is read: in the place of one that is no address no other is taken, which the client may have made up.
fn address_of(request: &ServiceRequest, hops: usize) -> IpAddr {
    let peer = request.peer_addr().map_or(IpAddr::from([127, 0, 0, 1]), |peer| peer.ip());
    if hops == 0 {
        return peer;
    }
    let lines = request.headers().get_all("x-forwarded-for");
    let entries: Vec<&[u8]> = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b',')).collect();
    let entry = entries.len().checked_sub(hops).and_then(|place| entries.get(place));
    entry.and_then(|entry| read_address(entry)).unwrap_or(peer)
}

/// An address as proxies write it: alone, in brackets, or with a port.
fn read_address(entry: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(entry).ok()?.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse().ok().map(|with_port: SocketAddr| with_port.ip()))
}

async fn caller_of(app: &App, request: &ServiceRequest) -> Result<Option<Caller>, Problem> {
    let Some(header) = request.headers().get(AUTHORIZATION) else { return Ok(None) };
    let header = header.to_str().unwrap_or_default();
    let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
    if scheme.eq_ignore_ascii_case("basic") {
        // A client app at the token endpoint (RFC 6749, 2.3.1), which reads it itself.
        return Ok(None);
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Problem::new(Code::InvalidToken));
    }
    let key = token_key(token);
    if let Some(caller) = app.callers.get(&key) {
        return Ok(Some(caller));
    }
    let asked_at = app.clock.now();
    let claims = verify(app, token).await?;
    let caller = look_up(app, &claims).await?;
    let ends = DateTime::from_timestamp(claims.exp, 0).unwrap_or_default();
    app.callers.put(key, caller.clone(), asked_at, ends);
    Ok(Some(caller))
}

async fn verify(app: &App, token: &str) -> Result<Claims, Problem> {
    let invalid = || Problem::new(Code::InvalidToken);
    let kid = KeyRing::kid_of(token).ok_or_else(invalid)?;
    if !app.keys().knows(&kid) {
        keys::learn(app, &kid).await?;
    }
    app.keys().verify(app.clock.now(), token).map_err(|_why_is_nobodys_business| invalid())
}

async fn look_up(app: &App, claims: &Claims) -> Result<Caller, Problem> {
    let invalid = || Problem::new(Code::InvalidToken);
    let db = app.db.reads();
    let Some(session_id) = claims.sid else {
        let mut app = store::load_app(db, ClientAppId(claims.sub)).await?.ok_or_else(invalid)?;
        // What the token says and the app still holds.
        let said: Vec<&str> = claims.scope.as_deref().unwrap_or_default().split(' ').collect();
        app.scopes.retain(|scope| said.contains(&scope.as_str()));
        return Ok(Caller::App(Arc::new(app)));
    };
    let (session_id, member_id) = (SessionId(session_id), MemberId(claims.sub));
    if !store::is_session_open(db, session_id, member_id, app.clock.now()).await? {
        return Err(invalid());
    }
    let person = store::load_person(db, member_id, session_id, app.clock.today()).await?;
    Ok(Caller::Person(Arc::new(person.ok_or_else(invalid)?)))
}
