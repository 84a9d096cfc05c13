//! OAuth 2.0 over HTTP.

use actix_web::{
    HttpRequest, HttpResponse, ResponseError as _, get,
    http::{
        StatusCode,
        header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, ContentType, LOCATION, WWW_AUTHENTICATE},
    },
    post,
    web::{Data, Form, Query},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use maud::Markup;
use url::Url;

use super::{
    actions,
    client::is_redirect_allowed,
    error::{OAuthError, OAuthErrorView, Refusal},
    page::{self, Notice},
    wire::{AuthorizeRequest, RevokeRequest, SignInForm, TokenRequest, TokenResponse},
};
use crate::{
    app::App,
    kit::{language::Language, once::Once, problem::Problem},
};

/// Show the sign-in page
///
/// Where a client sends staff to sign in (RFC 6749, 4.1.1), with PKCE (S256). Open it in a browser.
#[utoipa::path(tag = "oauth", security(()), params(AuthorizeRequest),
    responses((status = 200, body = String, content_type = "text/html"), (status = 400, body = String, content_type = "text/html")))]
#[get("/oauth/authorize")]
pub async fn show_sign_in(app: Data<App>, language: Language, query: Query<AuthorizeRequest>) -> HttpResponse {
    let request = query.into_inner();
    if !is_acceptable(&app, &request.client_id, &request.redirect_uri, &request.code_challenge)
        || request.response_type != "code"
        || request.code_challenge_method != "S256"
    {
        return html(StatusCode::BAD_REQUEST, &page::refused(language), None);
    }
    html(StatusCode::OK, &page::sign_in(language, &request, Notice::None), Some(&request.redirect_uri))
}

/// Sign in as staff
///
/// What the sign-in page posts: username and password become a code for the client, which exchanges it at the token endpoint.
#[utoipa::path(tag = "oauth", security(()), request_body(content = SignInForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 303, description = "Back to the client with a code"),
        (status = 400, body = String, content_type = "text/html"), (status = 401, body = String, content_type = "text/html")))]
#[post("/oauth/authorize")]
pub async fn sign_in(
    app: Data<App>,
    language: Language,
    once: Once,
    form: Form<SignInForm>,
) -> Result<HttpResponse, Problem> {
    let form = form.into_inner();
    if !is_acceptable(&app, &form.client_id, &form.redirect_uri, &form.code_challenge) {
        return Ok(html(StatusCode::BAD_REQUEST, &page::refused(language), None));
    }
    let code = actions::sign_in(&app, &form, once.actor()).await?;
    let Some(code) = code else {
        let request = AuthorizeRequest {
            client_id: form.client_id,
            redirect_uri: form.redirect_uri,
            state: form.state,
            code_challenge: form.code_challenge,
            ..AuthorizeRequest::default()
        };
        let page = page::sign_in(language, &request, Notice::WrongPassword);
        return Ok(html(StatusCode::UNAUTHORIZED, &page, Some(&request.redirect_uri)));
    };
    let back = Url::parse_with_params(&form.redirect_uri, [("code", code.as_str()), ("state", form.state.as_str())])
        .map_err(Problem::internal)?;
    Ok(HttpResponse::SeeOther()
        .insert_header((LOCATION, back.to_string()))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish())
}

/// Get a token
///
/// A code, an app's secret or a refresh token becomes an access token (RFC 6749). Errors are RFC 6749's.
#[utoipa::path(tag = "oauth", security(()), request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = TokenResponse), (status = 400, body = OAuthErrorView), (status = 401, body = OAuthErrorView)))]
#[post("/oauth/token")]
pub async fn create_token(app: Data<App>, http: HttpRequest, once: Once, form: Form<TokenRequest>) -> HttpResponse {
    let mut request = form.into_inner();
    if let Some((client_id, secret)) = basic_credentials(&http) {
        request.client_id = Some(client_id);
        request.client_secret = Some(secret);
    }
    let answer = match request.grant_type.as_str() {
        "authorization_code" => actions::exchange_code(&app, &request, once.actor()).await,
        "refresh_token" => actions::exchange_refresh(&app, &request, once.actor()).await,
        "client_credentials" => actions::exchange_secret(&app, &request).await,
        "" => Err(OAuthError::InvalidRequest.into()),
        _ => Err(OAuthError::UnsupportedGrantType.into()),
    };
    match answer {
        Ok(token) => HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(token),
        Err(refusal) => refused(&refusal),
    }
}

/// Revoke a token
///
/// Ends the session of a refresh token (RFC 7009). An unknown token is no error.
#[utoipa::path(tag = "oauth", security(()), request_body(content = RevokeRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The token is of no more use")))]
#[post("/oauth/revoke")]
pub async fn revoke_token(app: Data<App>, once: Once, form: Form<RevokeRequest>) -> Result<HttpResponse, Problem> {
    actions::revoke(&app, &form.token, once.actor()).await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).finish())
}

fn is_acceptable(app: &App, client_id: &str, redirect_uri: &str, code_challenge: &str) -> bool {
    is_redirect_allowed(&app.config.public_url(), client_id, redirect_uri) && (43..=128).contains(&code_challenge.len())
}

/// A page that runs no script, stands in no frame, and posts only to us and on to the client.
fn html(status: StatusCode, page: &Markup, redirect_uri: Option<&str>) -> HttpResponse {
    let client = redirect_uri.and_then(|uri| Url::parse(uri).ok()).map(|url| url.origin().ascii_serialization());
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self' {}; frame-ancestors 'none'; base-uri 'none'",
        client.unwrap_or_default()
    );
    HttpResponse::build(status)
        .insert_header(ContentType::html())
        .insert_header((CONTENT_SECURITY_POLICY, policy))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(page.0.clone())
}

/// RFC 6749, 2.3.1: each half is form-encoded before it goes into Basic.
fn basic_credentials(request: &HttpRequest) -> Option<(String, String)> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (client_id, secret) = decoded.split_once(':')?;
    let plain = |text: &str| url::form_urlencoded::parse(text.as_bytes()).next().map(|(name, _)| name.into_owned());
    Some((plain(client_id)?, plain(secret)?))
}

fn refused(refusal: &Refusal) -> HttpResponse {
    match refusal {
        Refusal::Problem(problem) => problem.error_response(),
        Refusal::OAuth(error) => {
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
            let mut response = HttpResponse::build(status);
            response.insert_header((CACHE_CONTROL, "no-store"));
            if *error == OAuthError::InvalidClient {
                response.insert_header((WWW_AUTHENTICATE, "Basic realm=\"thidua\""));
            }
            response.json(error.view())
        }
    }
}
