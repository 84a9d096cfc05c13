//! OAuth 2.0 over HTTP.

use actix_web::{
    Error, HttpRequest, HttpResponse, HttpResponseBuilder, ResponseError as _, get,
    http::{
        StatusCode,
        header::{
            AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, ContentType, HeaderName,
            LOCATION, PRAGMA, SET_COOKIE, USER_AGENT, WWW_AUTHENTICATE,
        },
    },
    post,
    web::{Bytes, Data, Form, Query},
};
use maud::Markup;
use url::Url;

use super::{
    actions,
    client::is_redirect_allowed,
    error::{OAuthError, OAuthErrorView, Refusal},
    form::{Fields, basic_credentials},
    page::{self, Notice},
    steps::{self, Browser, Step},
    wire::{AuthorizeRequest, RevokeRequest, SignInForm, TokenRequest, TokenResponse},
};
use crate::{
    app::App,
    identity::sessions::device_name,
    kit::{
        http::{ClientAddress, Network, RequestContext},
        problems::{Code, Problem},
        values::Language,
    },
};

/// What a browser on which somebody has signed in carries, on our sign-in page alone.
const DEVICE_COOKIE: &str = "thidua_device";
const DEVICE_COOKIE_SECONDS: u32 = 180 * 24 * 3600;

/// Show the sign-in page
///
/// Where a client sends staff to sign in (RFC 6749, 4.1.1), with PKCE (S256, RFC 7636). Open it in a browser. What is wrong
/// with the request goes back to the client (4.1.2.1), unless the client or its address is not known.
#[utoipa::path(tag = "oauth", params(AuthorizeRequest),
    responses((status = 200, body = String, content_type = "text/html"), (status = 303, description = "Back to the client with an error"),
        (status = 400, body = String, content_type = "text/html")))]
#[get("/oauth/authorize")]
pub async fn show_sign_in(
    app: Data<App>,
    language: Language,
    query: Query<AuthorizeRequest>,
) -> Result<HttpResponse, Problem> {
    let request = query.into_inner();
    if !is_known_client(&app, &request.client_id, &request.redirect_uri) {
        return Ok(html(StatusCode::BAD_REQUEST, &page::refused(language), None));
    }
    if let Some(error) = fault_of(&request) {
        return back(&app, &request.redirect_uri, &request.state, ("error", error));
    }
    Ok(html(StatusCode::OK, &page::sign_in(language, &request, Notice::None), Some(&request.redirect_uri)))
}

/// Sign in as staff
///
/// What the sign-in page posts: username and password, and a code where there is a second factor, become a code for the
/// client, which exchanges it at the token endpoint. Too many guesses are a 429, for a username that nobody has as well: guesses
/// at one account, wrong ones from one network (24 bits of IPv4, 48 of IPv6), and wrong ones in all. A browser that the owner of
/// the account has signed in on before is counted by itself alone.
#[utoipa::path(tag = "oauth", request_body(content = SignInForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = String, content_type = "text/html"), (status = 303, description = "Back to the client with a code"),
        (status = 400, body = String, content_type = "text/html"), (status = 401, body = String, content_type = "text/html")))]
#[post("/oauth/authorize")]
pub async fn sign_in(
    app: Data<App>,
    http: HttpRequest,
    address: ClientAddress,
    language: Language,
    context: RequestContext,
    form: Form<SignInForm>,
) -> Result<HttpResponse, Problem> {
    let form = form.into_inner();
    let request = form.request();
    if !is_known_client(&app, &form.client_id, &form.redirect_uri) || !is_challenge(&form.code_challenge) {
        return Ok(html(StatusCode::BAD_REQUEST, &page::refused(language), None));
    }
    let device = cookie(&http, DEVICE_COOKIE);
    let again = |status, page: &Markup| Ok(html(status, page, Some(&form.redirect_uri)));
    let first = |notice| page::sign_in(language, &request, notice);
    let second = |ticket: &str, notice| page::second_factor(language, &request, ticket, notice);
    if !form.is_plausible() {
        return again(StatusCode::UNAUTHORIZED, &first(Notice::WrongPassword));
    }
    let browser = Browser { network: Network::wide(address.0), device: device.as_deref() };
    match steps::sign_in(&app, &form, browser, context.actor()).await {
        Ok(Step::SignedIn { code, device }) => {
            let mut response = back(&app, &form.redirect_uri, &form.state, ("code", &code))?;
            if let Ok(value) = device_cookie(&app, &device).parse() {
                response.headers_mut().insert(SET_COOKIE, value);
            }
            Ok(response)
        }
        Ok(Step::NeedsCode(ticket)) => again(StatusCode::OK, &second(&ticket, Notice::None)),
        Ok(Step::WrongPassword) => again(StatusCode::UNAUTHORIZED, &first(Notice::WrongPassword)),
        Ok(Step::WrongCode(ticket)) => again(StatusCode::UNAUTHORIZED, &second(&ticket, Notice::WrongCode)),
        Ok(Step::Late) => again(StatusCode::UNAUTHORIZED, &first(Notice::Late)),
        Err(problem) if problem.code == Code::TooManyRequests => {
            let mut response = html(StatusCode::TOO_MANY_REQUESTS, &first(Notice::TooMany), Some(&form.redirect_uri));
            for (name, value) in &problem.headers {
                if let (Ok(name), Ok(value)) = (HeaderName::try_from(*name), value.parse()) {
                    response.headers_mut().insert(name, value);
                }
            }
            Ok(response)
        }
        Err(problem) => Err(problem),
    }
}

/// Get a token
///
/// A code, an app's secret or a refresh token becomes an access token (RFC 6749). An app may ask for a part of its scopes.
/// Errors are RFC 6749's.
#[utoipa::path(tag = "oauth", request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = TokenResponse), (status = 400, body = OAuthErrorView), (status = 401, body = OAuthErrorView),
        (status = 413, body = OAuthErrorView)))]
#[post("/oauth/token")]
pub async fn create_token(
    app: Data<App>,
    http: HttpRequest,
    context: RequestContext,
    body: Result<Bytes, Error>,
) -> HttpResponse {
    let answer = async {
        let basic = basic_credentials(text_of(&http, AUTHORIZATION))?;
        let request = fields(&http, body)?.token_request(basic)?;
        let device = text_of(&http, USER_AGENT).and_then(device_name);
        match request.grant_type.as_str() {
            "authorization_code" => actions::exchange_code(&app, &request, device, context.actor()).await,
            "refresh_token" => actions::exchange_refresh(&app, &request, context.actor()).await,
            "client_credentials" => actions::exchange_secret(&app, &request).await,
            "" => Err(OAuthError::InvalidRequest.into()),
            _ => Err(OAuthError::UnsupportedGrantType.into()),
        }
    };
    match answer.await {
        Ok(token) => unkept(StatusCode::OK).json(token),
        Err(refusal) => refused(&refusal),
    }
}

/// Revoke a token
///
/// Ends the session of a refresh token or of an access token (RFC 7009). An unknown token is no error.
#[utoipa::path(tag = "oauth", request_body(content = RevokeRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The token is of no more use"), (status = 400, body = OAuthErrorView),
        (status = 401, body = OAuthErrorView), (status = 413, body = OAuthErrorView)))]
#[post("/oauth/revoke")]
pub async fn revoke_token(
    app: Data<App>,
    http: HttpRequest,
    context: RequestContext,
    body: Result<Bytes, Error>,
) -> HttpResponse {
    let answer = async {
        let basic = basic_credentials(text_of(&http, AUTHORIZATION))?;
        let request = fields(&http, body)?.revoke_request(basic)?;
        actions::revoke(&app, &request, context.actor()).await
    };
    match answer.await {
        Ok(()) => unkept(StatusCode::OK).finish(),
        Err(refusal) => refused(&refusal),
    }
}

fn is_known_client(app: &App, client_id: &str, redirect_uri: &str) -> bool {
    is_redirect_allowed(&app.config.public_url(), client_id, redirect_uri)
}

/// S256 makes 43 characters of base64url; the standard allows what a verifier may be (RFC 7636, 4.2).
fn is_challenge(challenge: &str) -> bool {
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    (43..=128).contains(&challenge.len()) && challenge.bytes().all(is_unreserved)
}

/// What is wrong with a request of a known client (RFC 6749, 4.1.2.1; RFC 7636, 4.4.1).
fn fault_of(request: &AuthorizeRequest) -> Option<&'static str> {
    if request.response_type != "code" {
        return Some(if request.response_type.is_empty() { "invalid_request" } else { "unsupported_response_type" });
    }
    let is_pkce = request.code_challenge_method == "S256" && is_challenge(&request.code_challenge);
    (!is_pkce).then_some("invalid_request")
}

/// Back to the client, with who answers (RFC 9207).
fn back(app: &App, redirect_uri: &str, state: &str, outcome: (&str, &str)) -> Result<HttpResponse, Problem> {
    let mut url = Url::parse(redirect_uri).map_err(Problem::internal)?;
    url.query_pairs_mut().append_pair(outcome.0, outcome.1);
    if !state.is_empty() {
        url.query_pairs_mut().append_pair("state", state);
    }
    url.query_pairs_mut().append_pair("iss", &app.config.public_url());
    Ok(unkept(StatusCode::SEE_OTHER).insert_header((LOCATION, url.to_string())).finish())
}

/// Read by this page alone, by no script, and sent by no other site.
fn device_cookie(app: &App, token: &str) -> String {
    let secure = if app.config.public_url().starts_with("https:") { "; Secure" } else { "" };
    format!(
        "{DEVICE_COOKIE}={token}; Path=/oauth/authorize; Max-Age={DEVICE_COOKIE_SECONDS}; HttpOnly; SameSite=Strict{secure}"
    )
}

fn cookie(http: &HttpRequest, name: &str) -> Option<String> {
    let cookies = http.headers().get_all(COOKIE).filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value.to_owned())
}

/// A page that runs no script, stands in no frame, and posts only to us and on to the client.
fn html(status: StatusCode, page: &Markup, redirect_uri: Option<&str>) -> HttpResponse {
    let client = redirect_uri.and_then(|uri| Url::parse(uri).ok()).map(|url| url.origin().ascii_serialization());
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self' {}; frame-ancestors 'none'; base-uri 'none'",
        client.unwrap_or_default()
    );
    unkept(status)
        .insert_header(ContentType::html())
        .insert_header((CONTENT_SECURITY_POLICY, policy))
        .body(page.0.clone())
}

fn fields(http: &HttpRequest, body: Result<Bytes, Error>) -> Result<Fields, OAuthError> {
    let body = body.map_err(|error| match error.as_response_error().status_code() {
        StatusCode::PAYLOAD_TOO_LARGE => OAuthError::TooLong,
        _ => OAuthError::InvalidRequest,
    })?;
    Fields::read(text_of(http, CONTENT_TYPE), &body)
}

fn text_of(http: &HttpRequest, name: HeaderName) -> Option<&str> {
    http.headers().get(name).and_then(|value| value.to_str().ok())
}

fn unkept(status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response.insert_header((CACHE_CONTROL, "no-store")).insert_header((PRAGMA, "no-cache"));
    response
}

fn refused(refusal: &Refusal) -> HttpResponse {
    match refusal {
        Refusal::Problem(problem) => problem.error_response(),
        Refusal::OAuth(error) => {
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
            let mut response = unkept(status);
            if *error == OAuthError::InvalidClient {
                response.insert_header((WWW_AUTHENTICATE, "Basic realm=\"thidua\""));
            }
            response.json(error.view())
        }
    }
}
