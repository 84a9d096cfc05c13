//! `/oauth/...`: the sign-in page, tokens, and giving them up.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::{Answer, Person, TestApp, text};

pub const REDIRECT: &str = "http://127.0.0.1:8080/swagger-ui/oauth2-redirect.html";
/// RFC 7636, appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub const PASSWORD: &str = "một mật khẩu đủ dài";

/// A password for the admin that every test has.
pub async fn set_password(app: &TestApp) {
    use thidua::{db::Actor, identity::staff};
    let account = staff::find(app.app.db.reads(), "admin").await.unwrap().unwrap();
    let hash = staff::hash(&app.app.hashing, PASSWORD.to_owned()).await.unwrap();
    let reset = async |tx: &thidua::db::Tx| {
        staff::replace_password(tx, account.member_id, &account.password_hash, hash).await.map_err(Into::into)
    };
    assert!(app.app.change_as(Actor::system(), reset).await.unwrap());
}

pub fn sign_in_form<'a>(username: &'a str, password: &'a str) -> Vec<(&'static str, &'a str)> {
    vec![
        ("client_id", "swagger-ui"),
        ("redirect_uri", REDIRECT),
        ("state", "xyz"),
        ("code_challenge", CHALLENGE),
        ("username", username),
        ("password", password),
    ]
}

/// The code in the address that a browser is sent back to.
pub fn code_of(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text());
    let url = url::Url::parse(answer.header("location").unwrap()).unwrap();
    let pairs: Vec<_> = url.query_pairs().into_owned().collect();
    assert!(pairs.contains(&("state".to_owned(), "xyz".to_owned())), "{url}");
    assert!(pairs.contains(&("iss".to_owned(), "http://127.0.0.1:8080".to_owned())), "{url}");
    pairs.into_iter().find(|(name, _)| name == "code").unwrap().1
}

pub async fn code(app: &TestApp) -> String {
    code_of(&app.post("/oauth/authorize").form(&sign_in_form("admin", PASSWORD)).await)
}

pub async fn exchange(app: &TestApp, code: &str) -> Answer {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("client_id", "swagger-ui"),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    app.post("/oauth/token").form(&form).await
}

fn bearer(token: &Value) -> Person {
    Person { id: String::new(), token: text(&token["access_token"]) }
}

fn is_error(answer: &Answer, status: u16, error: &str) {
    assert_eq!(answer.expect(status)["error"], error);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

/// A client app with all these scopes; its id and its secret.
pub async fn client_app(app: &TestApp, scopes: &[&str]) -> (String, String, String) {
    let new = json!({"name": "Cổng thông tin", "scopes": scopes});
    let made = app.post("/v1/apps").caller(&app.admin).json(new).await.expect(201);
    (text(&made["id"]), text(&made["client_id"]), text(&made["client_secret"]))
}

async fn token_for(app: &TestApp, client: &(String, String, String), scope: Option<&str>) -> Answer {
    let mut form = vec![("grant_type", "client_credentials"), ("client_id", &client.1), ("client_secret", &client.2)];
    form.extend(scope.map(|scope| ("scope", scope)));
    app.post("/oauth/token").form(&form).await
}

#[actix_web::test]
async fn a_password_becomes_a_code_and_the_code_becomes_a_session() {
    let app = TestApp::start().await;
    set_password(&app).await;

    let token = exchange(&app, &code(&app).await).await.expect(200);

    assert_eq!(app.get("/v1/me").caller(&bearer(&token)).await.expect(200)["role"], "admin");
    let refresh = text(&token["refresh_token"]);
    let form = [("grant_type", "refresh_token"), ("refresh_token", &refresh), ("client_id", "swagger-ui")];
    let renewed = app.post("/oauth/token").form(&form).await.expect(200);
    assert_ne!(renewed["refresh_token"], token["refresh_token"]);
    is_error(&app.post("/oauth/token").form(&form).await, 400, "invalid_grant");
    let branch = text(&renewed["refresh_token"]);
    let form = [("grant_type", "refresh_token"), ("refresh_token", &branch), ("client_id", "swagger-ui")];
    is_error(&app.post("/oauth/token").form(&form).await, 400, "invalid_grant");
}

#[actix_web::test]
async fn a_code_is_good_once_and_its_second_use_ends_its_session() {
    let app = TestApp::start().await;
    set_password(&app).await;
    let code = code(&app).await;

    let answers = join_all((0..6).map(|_| exchange(&app, &code))).await;

    let good: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(good.len(), 1);
    let session = good[0].json();
    app.get("/v1/me").caller(&bearer(&session)).await.is_problem(401, "invalid_token");
    let refresh = text(&session["refresh_token"]);
    let form = [("grant_type", "refresh_token"), ("refresh_token", &refresh), ("client_id", "swagger-ui")];
    is_error(&app.post("/oauth/token").form(&form).await, 400, "invalid_grant");
}

#[actix_web::test]
async fn a_code_is_bound_to_its_client_its_address_its_verifier_and_its_minute() {
    let app = TestApp::start().await;
    set_password(&app).await;
    let code = code(&app).await;
    let wrong = [
        ("client_id", "other"),
        ("redirect_uri", "http://127.0.0.1:8080/elsewhere"),
        ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXX"),
    ];
    for (name, value) in wrong {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("client_id", "swagger-ui"),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        form.retain(|(field, _)| *field != name);
        is_error(&app.post("/oauth/token").form(&form).await, 400, "invalid_request");
        form.push((name, value));
        is_error(&app.post("/oauth/token").form(&form).await, 400, "invalid_grant");
    }
    app.clock.advance(chrono::TimeDelta::seconds(61));
    is_error(&exchange(&app, &code).await, 400, "invalid_grant");
}

#[actix_web::test]
async fn a_bad_request_for_a_code_goes_back_to_a_known_client_and_to_nobody_else() {
    let app = TestApp::start().await;
    let ask = |query: &str| app.get(format!("/oauth/authorize?{query}"));
    let known = format!("client_id=swagger-ui&redirect_uri={REDIRECT}&state=xyz");
    let good = format!("{known}&response_type=code&code_challenge={CHALLENGE}&code_challenge_method=S256");

    assert_eq!(ask(&good).await.status, 200);
    assert_eq!(
        ask(&format!("{good}&khong_co=1")).await.status,
        200,
        "unknown parameters are passed over (RFC 6749, 3.1)"
    );
    ask(&format!("{good}&state=abc")).await.is_problem(400, "malformed_request");
    for (query, error) in [
        (format!("{known}&response_type=token"), "unsupported_response_type"),
        (known.clone(), "invalid_request"),
        (format!("{known}&response_type=code"), "invalid_request"),
        (
            format!("{known}&response_type=code&code_challenge={CHALLENGE}&code_challenge_method=plain"),
            "invalid_request",
        ),
    ] {
        let answer = ask(&query).await;
        assert_eq!(answer.status, 303, "{query}");
        let location = answer.header("location").unwrap();
        assert!(location.starts_with(&format!("{REDIRECT}?error={error}&state=xyz")), "{location}");
    }
    for query in [good.replace("swagger-ui&", "other&"), good.replace("oauth2-redirect", "elsewhere")] {
        assert_eq!(ask(&query).await.status, 400, "{query}");
    }
}

#[actix_web::test]
async fn whatever_is_wrong_at_the_token_endpoint_is_said_in_oauths_words() {
    let app = TestApp::start().await;
    for url in ["/oauth/token", "/oauth/revoke"] {
        is_error(&app.post(url).json(json!({"grant_type": "client_credentials"})).await, 400, "invalid_request");
        is_error(&app.post(url).await, 400, "invalid_request");
        is_error(&app.post(url).body("application/x-www-form-urlencoded", "a=1&a=2").await, 400, "invalid_request");
        let long = format!("token={}", "x".repeat(2_000_000));
        is_error(&app.post(url).body("application/x-www-form-urlencoded", long).await, 413, "invalid_request");
        let answer = app.post(url).header("Authorization", "Basic !!!").form(&[("token", "x")]).await;
        is_error(&answer, 401, "invalid_client");
        assert!(answer.header("www-authenticate").unwrap().starts_with("Basic"));
    }
    let grant = async |kind: &str| app.post("/oauth/token").form(&[("grant_type", kind)]).await;
    is_error(&grant("password").await, 400, "unsupported_grant_type");
    is_error(&grant("refresh_token").await, 400, "invalid_request");
    is_error(&grant("authorization_code").await, 400, "invalid_request");
    is_error(&grant("client_credentials").await, 401, "invalid_client");
}

#[actix_web::test]
async fn a_form_of_another_kind_or_too_long_a_one_is_said_to_be_so_on_the_sign_in_page() {
    let app = TestApp::start().await;

    app.post("/oauth/authorize").json(json!({})).await.is_problem(415, "unsupported_media_type");
    let long = format!("username={}", "x".repeat(2_000_000));
    let answer = app.post("/oauth/authorize").body("application/x-www-form-urlencoded", long).await;
    answer.is_problem(413, "body_too_large");
}

#[actix_web::test]
async fn an_app_gets_what_it_asks_for_and_no_more() {
    let app = TestApp::start().await;
    let client = client_app(&app, &["activities:read", "campaigns:read"]).await;

    let narrow = token_for(&app, &client, Some("activities:read")).await.expect(200);
    let full = token_for(&app, &client, None).await.expect(200);

    assert_eq!(
        (&narrow["scope"], &full["scope"]),
        (&json!("activities:read"), &json!("activities:read campaigns:read"))
    );
    app.get("/v1/campaigns").caller(&bearer(&full)).await.expect(200);
    app.get("/v1/campaigns").caller(&bearer(&narrow)).await.is_problem(403, "insufficient_scope");
    app.get("/v1/units").caller(&bearer(&narrow)).await.expect(200);
    is_error(&token_for(&app, &client, Some("webhooks:manage")).await, 400, "invalid_scope");
    let wrong = (client.0, client.1, "wrong".to_owned());
    is_error(&token_for(&app, &wrong, None).await, 401, "invalid_client");
}

#[actix_web::test]
async fn an_app_says_who_it_is_in_the_header_or_in_the_form_and_not_in_both() {
    let app = TestApp::start().await;
    let (_, id, secret) = client_app(&app, &["activities:read"]).await;
    let basic = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
    let ask = |form: &[(&str, &str)]| app.post("/oauth/token").header("Authorization", &basic).form(form);

    ask(&[("grant_type", "client_credentials")]).await.expect(200);
    is_error(&ask(&[("grant_type", "client_credentials"), ("client_secret", &secret)]).await, 400, "invalid_request");
}

#[actix_web::test]
async fn a_token_that_is_given_up_ends_its_session() {
    let app = TestApp::start().await;
    set_password(&app).await;
    for which in ["refresh_token", "access_token"] {
        let session = exchange(&app, &code(&app).await).await.expect(200);
        let token = text(&session[which]);
        is_error(
            &app.post("/oauth/revoke").form(&[("token", &token), ("client_id", "other")]).await,
            400,
            "invalid_grant",
        );
        app.get("/v1/me").caller(&bearer(&session)).await.expect(200);

        app.post("/oauth/revoke").form(&[("token", &token), ("client_id", "swagger-ui")]).await.expect(200);

        app.get("/v1/me").caller(&bearer(&session)).await.is_problem(401, "invalid_token");
        app.post("/oauth/revoke").form(&[("token", &token)]).await.expect(200);
    }
    let client = client_app(&app, &["activities:read"]).await;
    let token = text(&token_for(&app, &client, None).await.expect(200)["access_token"]);
    is_error(&app.post("/oauth/revoke").form(&[("token", &token)]).await, 400, "unsupported_token_type");
}

#[actix_web::test]
async fn the_metadata_names_what_there_is() {
    let app = TestApp::start().await;

    let server = app.get("/.well-known/oauth-authorization-server").await.expect(200);

    assert_eq!(server["issuer"], "http://127.0.0.1:8080");
    assert_eq!(server["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(server["response_types_supported"], json!(["code"]));
    assert!(!server["grant_types_supported"].as_array().unwrap().contains(&json!("password")));
    assert_eq!(server["authorization_response_iss_parameter_supported"], true);
}

#[actix_web::test]
async fn what_cannot_be_anybodys_is_a_wrong_password_like_any_other() {
    let app = TestApp::start().await;
    let wrong = app.post("/oauth/authorize").form(&sign_in_form("nobody", "wrong")).await;
    let long = |count: usize| "x".repeat(count);
    let odd = [
        ("username", "a\0b".to_owned()),
        ("username", long(101)),
        ("password", "a\0b".to_owned()),
        ("password", long(201)),
        ("ticket", "a\0b".to_owned()),
        ("ticket", long(2001)),
        ("code", "a\0b".to_owned()),
        ("code", long(41)),
    ];
    for (field, value) in odd {
        let mut form = sign_in_form("nobody", "wrong");
        form.retain(|(name, _)| *name != field);
        form.push((field, &value));

        let answer = app.post("/oauth/authorize").form(&form).await;

        assert_eq!((answer.status, answer.text()), (401, wrong.text()), "{field}");
    }
}
