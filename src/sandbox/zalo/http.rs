//! The endpoints: Zalo's own under Zalo's paths, and the stand-in's beside them.

use std::{io, net::TcpListener};

use actix_web::{
    App, Error, HttpRequest, HttpResponse, HttpServer,
    body::{BoxBody, MessageBody},
    dev::{Server, ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{ACCEPT, ContentType},
    },
    middleware::{Next, from_fn},
    rt::time::sleep,
    web,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    page,
    rules::{NewMessage, Receipt, Refusal, TokenPair, TokenRequest},
    stage::{Endpoint, Faults, Person, Stage},
};

/// Serves the stage on a listener, until the server's handle stops it.
///
/// # Errors
/// When the listener cannot be used.
pub fn serve(listener: TcpListener, stage: web::Data<Stage>) -> io::Result<Server> {
    let server = HttpServer::new(move || App::new().app_data(stage.clone()).configure(configure))
        .workers(1)
        .disable_signals()
        .shutdown_timeout(1)
        // Whoever hangs up during a delay has not been served: no token is spent, no message taken.
        .h1_allow_half_closed(false);
    Ok(server.listen(listener)?.run())
}

/// Mounts every endpoint. The caller adds the `web::Data<Stage>`.
pub fn configure(cfg: &mut web::ServiceConfig) {
    cfg.route("/", web::get().to(show_home))
        .route("/sent", web::get().to(list_sent))
        .route("/codes", web::get().to(mint_codes))
        .route("/avatars/{zalo_id}", web::get().to(show_avatar))
        .route("/people/{zalo_id}/revoke-consent", web::post().to(revoke_consent))
        .service(web::resource("/faults").route(web::get().to(show_faults)).route(web::put().to(set_faults)))
        .service(
            web::scope("")
                .wrap(from_fn(meet_faults))
                .route(Endpoint::Profile.path(), web::get().to(find_profile))
                .route(Endpoint::SharedByCode.path(), web::get().to(find_shared))
                .route(Endpoint::OaToken.path(), web::post().to(refresh_token))
                .route(Endpoint::Consultation.path(), web::post().to(send_consultation)),
        );
}

/// The dial stands before Zalo's endpoints. A fault leaves no trace but the count of calls.
async fn meet_faults(
    stage: web::Data<Stage>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(endpoint) = Endpoint::at(request.path()) else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    stage.record_call(endpoint);
    let faults = stage.faults();
    sleep(faults.delay()).await;
    match broken(&faults, endpoint) {
        Some(answer) => Ok(request.into_response(answer)),
        None => Ok(next.call(request).await?.map_into_boxed_body()),
    }
}

fn broken(faults: &Faults, endpoint: Endpoint) -> Option<HttpResponse> {
    if let Some(status) = faults.status {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        return Some(HttpResponse::build(status).finish());
    }
    let error = faults.error.filter(|_| endpoint.obeys_error())?;
    Some(HttpResponse::Ok().json(json!({ "error": error, "message": "The fault dial is set to this error" })))
}

#[derive(Deserialize)]
struct ProfileQuery {
    #[serde(default = "default_fields")]
    fields: String,
}

fn default_fields() -> String {
    "id,name,picture".to_owned()
}

/// `GET /v2.0/me`: flat, unlike Zalo's other answers.
async fn find_profile(stage: web::Data<Stage>, request: HttpRequest, query: web::Query<ProfileQuery>) -> HttpResponse {
    let person = stage.profile(header(&request, "access_token"), header(&request, "appsecret_proof"));
    answer(person.map(|person| {
        let outcome = [("error", json!(0)), ("message", json!("Success"))];
        let asked = query.fields.split(',').map(str::trim);
        let fields = asked.filter_map(|field| Some((field, profile_field(person, field, &request)?)));
        outcome.into_iter().chain(fields).map(|(name, value)| (name.to_owned(), value)).collect()
    }))
}

fn profile_field(person: &Person, field: &str, request: &HttpRequest) -> Option<Value> {
    match field {
        "id" => Some(json!(person.zalo_id)),
        "name" => Some(json!(person.name)),
        "picture" => Some(json!({ "data": { "url": format!("{}/avatars/{}", own_url(request), person.zalo_id) } })),
        "is_follower" => Some(json!(person.follows_oa)),
        "user_id_by_oa" => person.follows_oa.then(|| json!(person.oa_user_id)),
        _ => None,
    }
}

/// This server as the caller knows it, without a slash at the end.
fn own_url(request: &HttpRequest) -> String {
    let connection = request.connection_info();
    format!("{}://{}", connection.scheme(), connection.host())
}

/// `GET /v2.0/me/info`
async fn find_shared(stage: web::Data<Stage>, request: HttpRequest) -> HttpResponse {
    let shared =
        stage.shared(header(&request, "access_token"), header(&request, "code"), header(&request, "secret_key"));
    answer(shared.map(|data| json!({ "data": data, "error": 0, "message": "Success" })))
}

/// `POST /v4/oa/access_token`: neither `error` nor `message` when it works, and words of its own when it does not.
async fn refresh_token(
    stage: web::Data<Stage>,
    request: HttpRequest,
    form: Result<web::Form<TokenRequest>, Error>,
) -> HttpResponse {
    let form = form.map(web::Form::into_inner).unwrap_or_default();
    HttpResponse::Ok().json(match stage.refresh(&form, header(&request, "secret_key")) {
        Ok(TokenPair { access_token, refresh_token, expires_in }) => {
            json!({ "access_token": access_token, "refresh_token": refresh_token, "expires_in": expires_in })
        }
        Err(Refusal { error, message }) => {
            json!({ "error": error, "error_name": message, "error_description": message })
        }
    })
}

/// `POST /v3.0/oa/message/cs`
async fn send_consultation(stage: web::Data<Stage>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let message: Option<NewMessage> = serde_json::from_slice(&body).ok();
    let proof = request.headers().get("appsecret_proof").and_then(|proof| proof.to_str().ok());
    let receipt = stage.send(header(&request, "access_token"), proof, message);
    answer(receipt.map(|Receipt { message_id, user_id, sent_time }| {
        let sent_time = sent_time.timestamp_millis().to_string();
        let data = json!({ "message_id": message_id, "user_id": user_id, "sent_time": sent_time });
        json!({ "data": data, "error": 0, "message": "Success" })
    }))
}

/// `GET /sent`: a page for browsers, which ask for HTML first, and JSON for everybody else.
async fn list_sent(stage: web::Data<Stage>, request: HttpRequest) -> HttpResponse {
    let accept = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if accept.trim_start().starts_with("text/html") {
        html(page::sent(&stage).into_string())
    } else {
        HttpResponse::Ok().json(stage.sent())
    }
}

async fn show_home(stage: web::Data<Stage>, request: HttpRequest) -> HttpResponse {
    html(page::home(&stage, &own_url(&request)).into_string())
}

async fn show_avatar(stage: web::Data<Stage>, zalo_id: web::Path<String>) -> HttpResponse {
    match stage.people().iter().find(|person| person.zalo_id == *zalo_id) {
        Some(person) => HttpResponse::Ok().content_type("image/svg+xml").body(page::avatar(person).into_string()),
        None => HttpResponse::NotFound().finish(),
    }
}

/// `POST /people/{zalo_id}/revoke-consent`: plays somebody who withdraws their consent in Zalo's settings.
async fn revoke_consent(stage: web::Data<Stage>, zalo_id: web::Path<String>) -> HttpResponse {
    let Some(person) = stage.people().iter().find(|person| person.zalo_id == *zalo_id) else {
        return HttpResponse::NotFound().json(json!({ "message": "nobody here has this id" }));
    };
    let Some(webhook) = stage.webhook() else {
        return HttpResponse::Conflict().json(json!({ "message": "there is no application to tell" }));
    };
    match webhook.revoke_consent(&stage, person).await {
        Ok(status) => HttpResponse::Ok().json(json!({ "told": person.name, "status": status })),
        Err(error) => HttpResponse::BadGateway().json(json!({ "message": error.to_string() })),
    }
}

#[derive(Deserialize)]
struct CodesQuery {
    access_token: String,
}

/// `GET /codes?access_token=...`: plays the phone.
async fn mint_codes(stage: web::Data<Stage>, query: web::Query<CodesQuery>) -> HttpResponse {
    match stage.mint_codes(&query.access_token) {
        Some(codes) => HttpResponse::Ok().json(codes),
        None => HttpResponse::NotFound().json(json!({ "message": "nobody here has this access token" })),
    }
}

async fn show_faults(stage: web::Data<Stage>) -> HttpResponse {
    HttpResponse::Ok().json(stage.faults())
}

/// `PUT /faults`: the whole dial at once; what is absent is no fault.
async fn set_faults(stage: web::Data<Stage>, body: web::Bytes) -> HttpResponse {
    let faults: Faults = match serde_json::from_slice(&body) {
        Ok(faults) => faults,
        Err(error) => return HttpResponse::BadRequest().json(json!({ "message": error.to_string() })),
    };
    if faults.status.is_some_and(|status| !(200..=599).contains(&status)) {
        return HttpResponse::BadRequest().json(json!({ "message": "`status` must be from 200 to 599" }));
    }
    stage.set_faults(faults);
    HttpResponse::Ok().json(stage.faults())
}

/// Zalo answers HTTP 200 whatever happens.
fn answer(result: Result<Value, Refusal>) -> HttpResponse {
    let body = result.unwrap_or_else(|Refusal { error, message }| json!({ "error": error, "message": message }));
    HttpResponse::Ok().json(body)
}

/// A header's text; empty when there is none.
fn header<'request>(request: &'request HttpRequest, name: &str) -> &'request str {
    request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn html(page: String) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::html()).body(page)
}
