//! The outermost middleware: every request gets its id and its log line here, and no error leaves in any other shape than
//! `application/problem+json`, actix's own included.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::{
    HttpMessage as _,
    body::{BoxBody, EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
};
use tracing::Instrument as _;
use uuid::Uuid;

use super::{
    connections::{Connection, Phase},
    etag,
    given::Given,
    operation::Kept,
    routes::{Route, find_route},
};
use crate::kit::{
    problems::{codes::Code, problem::Problem},
    values::language::Language,
};

/// The header of the request id, on every answer.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const LONGEST_REQUEST_ID: usize = 128;
/// A read that takes longer than this is worth a line in the log.
const SLOW: Duration = Duration::from_millis(500);
/// An answer loads nothing and is shown in no frame, unless it says otherwise itself.
const NOTHING_LOADED: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// The id of a request, for whoever wants to write it down.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// Runs a request and makes its answer presentable.
pub async fn edge<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<Given<EitherBody<B, BoxBody>>>, actix_web::Error> {
    let started = Instant::now();
    let connection = request.conn_data::<Arc<Connection>>().cloned();
    if let Some(connection) = &connection {
        connection.set(Phase::Work);
    }
    let id = request_id(request.headers());
    let language = Language::of(request.headers());
    let method = request.method().clone();
    request.extensions_mut().insert(RequestId(id.clone()));
    if method == Method::HEAD {
        // Routed as GET; the server leaves the body out, because the request line said HEAD.
        request.head_mut().method = Method::GET;
    }
    let route = find_route(&request);
    let span = tracing::info_span!("request", request.id = %id);
    async move {
        let response = next.call(request).await?.map_into_left_body();
        let mut response = worded(response, language, &id, &method);
        tag_in_coding(response.headers_mut());
        if method != Method::OPTIONS {
            say_who_may_keep_it(response.headers_mut(), route.as_deref());
        }
        set_common_headers(response.headers_mut(), &id);
        record(&response, &method, route.as_deref(), started.elapsed());
        if let Some(connection) = &connection {
            connection.set(Phase::Answer);
        }
        Ok(response.map_body(|_, body| Given::new(body, connection)))
    }
    .instrument(span)
    .await
}

/// Taken over when it is well formed, else made.
fn request_id(headers: &HeaderMap) -> String {
    headers
        .get(&X_REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(|id| !id.is_empty() && id.len() <= LONGEST_REQUEST_ID)
        .filter(|id| id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte)))
        .map_or_else(|| Uuid::now_v7().to_string(), str::to_owned)
}

fn worded<B: MessageBody + 'static>(
    response: ServiceResponse<EitherBody<B, BoxBody>>,
    language: Language,
    id: &str,
    method: &Method,
) -> ServiceResponse<EitherBody<B, BoxBody>> {
    if response.status().as_u16() < 400 {
        return response;
    }
    let known = response.response().extensions().get::<Problem>().cloned();
    let has_own_body = response.headers().contains_key(header::CONTENT_TYPE)
        && !response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
    let problem = match known {
        Some(problem) => problem,
        None if has_own_body => return response,
        None if is_preflight(&response, method) => Problem::new(Code::PreflightRefused),
        None => of_status(response.status(), method),
    };
    if problem.code.status() >= 500 {
        let cause = problem.cause.as_ref().map(|cause| chain(cause.as_ref()));
        tracing::error!(code = problem.code.name(), cause = cause.as_deref(), "a request failed");
    }
    let (request, response) = response.into_parts();
    let document = serde_json::to_vec(&problem.worded(language, id)).unwrap_or_default();
    let mut response = response.set_body(EitherBody::right(BoxBody::new(document)));
    if let Ok(status) = StatusCode::from_u16(problem.code.status()) {
        *response.status_mut() = status;
    }
    let headers = response.headers_mut();
    // Of the body that was there, whatever its coding and length.
    headers.remove(header::CONTENT_ENCODING);
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.append(header::VARY, HeaderValue::from_static("accept-language"));
    for (name, value) in &problem.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(*name), HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    }
    if problem.code.status() == 401 {
        let challenge = match problem.code {
            Code::Unauthorized => "Bearer realm=\"thidua\"",
            _ => "Bearer realm=\"thidua\", error=\"invalid_token\"",
        };
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    if problem.code.status() == 503 && !headers.contains_key(header::RETRY_AFTER) {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    ServiceResponse::new(request, response)
}

/// A browser asks whether a page of another origin may call (Fetch, 4.8); nobody but the CORS middleware answers that.
fn is_preflight<B>(response: &ServiceResponse<B>, method: &Method) -> bool {
    let asks = response.request().headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    method == Method::OPTIONS && asks && response.status() == StatusCode::BAD_REQUEST
}

/// An error of actix's own, as a problem.
fn of_status(status: StatusCode, method: &Method) -> Problem {
    match status.as_u16() {
        404 => Problem::not_found(),
        405 => Problem::new(Code::MethodNotAllowed).with("method", method),
        406 => Problem::new(Code::NotAcceptable).with("media_type", "application/json"),
        413 => Problem::new(Code::BodyTooLarge).with("limit", super::body::BODY_LIMIT),
        414 => Problem::new(Code::UriTooLong),
        415 => Problem::new(Code::UnsupportedMediaType).with("expected", "application/json"),
        503 | 408 => Problem::new(Code::Unavailable),
        400..500 => Problem::new(Code::MalformedRequest),
        _ => Problem::new(Code::InternalError),
    }
}

/// An error with everything that lies underneath it.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(deeper) = source {
        text.push_str(": ");
        text.push_str(&deeper.to_string());
        source = deeper.source();
    }
    text
}

/// What was compressed on its way out has a tag of its own, unless it was made with it.
fn tag_in_coding(headers: &mut HeaderMap) {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let (Some(tag), Some(coding)) = (text(header::ETAG), text(header::CONTENT_ENCODING)) else { return };
    if coding == "identity" || tag.ends_with(&format!("-{coding}\"")) {
        return;
    }
    if let Ok(tag) = HeaderValue::try_from(etag::in_coding(tag, coding)) {
        headers.insert(header::ETAG, tag);
    }
}

/// Puts `Cache-Control` on an answer that has none of its own.
fn say_who_may_keep_it(headers: &mut HeaderMap, route: Option<&Route>) {
    let kept = route.map_or(Kept::Never, |route| route.operation.kept);
    if let Some(words) = kept.header()
        && !headers.contains_key(header::CACHE_CONTROL)
    {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(words));
    }
}

/// The headers that every answer has.
fn set_common_headers(headers: &mut HeaderMap, id: &str) {
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(X_REQUEST_ID, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        headers.insert(header::CONTENT_SECURITY_POLICY, NOTHING_LOADED);
    }
    headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=63072000"));
}

/// One line for each change, each failure and each slow read; every request is in the metrics.
fn record<B>(response: &ServiceResponse<B>, method: &Method, route: Option<&Route>, duration: Duration) {
    // Swagger UI's files and the like are no operations.
    let pattern = if route.is_some() { None } else { response.request().match_pattern() };
    let route = route.map(|route| route.path.as_str()).or(pattern.as_deref()).unwrap_or("none");
    let status = response.status().as_u16();
    crate::kit::work::metrics::count_request(method, route, status, duration);
    let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if status >= 400 || method != Method::GET || duration >= SLOW {
        tracing::info!(%method, route, status, duration_ms, "answered");
    } else {
        tracing::debug!(%method, route, status, duration_ms, "answered");
    }
}
