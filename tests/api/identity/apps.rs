//! `/v1/apps`

use actix_web::http::Method;
use chrono::TimeDelta;
use sea_orm::EntityTrait as _;
use serde_json::json;
use thidua::entity::idempotency_key;

use super::oauth::client_app;
use crate::harness::{Answer, Person, TestApp, text};

async fn token(app: &TestApp, client_id: &str, secret: &str) -> Answer {
    let form = [("grant_type", "client_credentials"), ("client_id", client_id), ("client_secret", secret)];
    app.post("/oauth/token").form(&form).await
}

async fn signed_in(app: &TestApp, client_id: &str, secret: &str) -> Person {
    let token = token(app, client_id, secret).await.expect(200);
    Person { id: String::new(), token: text(&token["access_token"]) }
}

#[actix_web::test]
async fn an_app_is_made_listed_changed_and_deleted_by_admins_alone() {
    let app = TestApp::start().await;
    let manager = app.manager_of(&app.unit("Chi bộ 1").await).await;
    let new = json!({"name": "Cổng thông tin", "scopes": ["activities:read"]});
    app.post("/v1/apps").caller(&manager).json(new.clone()).await.is_problem(403, "forbidden");
    app.get("/v1/apps").caller(&manager).await.is_problem(403, "forbidden");

    let made = app.post("/v1/apps").caller(&app.admin).json(new).await;
    let (tag, made) = (made.header("etag").unwrap().to_owned(), made.expect(201));
    let url = format!("/v1/apps/{}", text(&made["id"]));
    let patch = json!({"name": "Cổng mới", "requests_per_minute": 5});
    let changed = app.patch(&url).caller(&app.admin).header("If-Match", &tag).json(patch.clone()).await.expect(200);
    assert_eq!((&changed["name"], &changed["requests_per_minute"]), (&json!("Cổng mới"), &json!(5)));
    app.patch(&url)
        .caller(&app.admin)
        .header("If-Match", &tag)
        .json(patch)
        .await
        .is_problem(412, "precondition_failed");
    let listed = app.get("/v1/apps").caller(&app.admin).await;
    assert!(!listed.text().contains("secret"), "{}", listed.text());
    assert_eq!(listed.expect(200)["items"][0]["client_id"], made["client_id"]);

    app.delete(&url).caller(&app.admin).await.expect(204);
    app.delete(&url).caller(&app.admin).await.is_problem(404, "not_found");
    assert_eq!(app.get("/v1/apps").caller(&app.admin).await.expect(200)["items"], json!([]));
    let answer = token(&app, &text(&made["client_id"]), &text(&made["client_secret"])).await;
    assert_eq!(answer.expect(401)["error"], "invalid_client");
}

#[actix_web::test]
async fn null_clears_the_lists_of_an_app() {
    let app = TestApp::start().await;
    let new = json!({"name": "Cổng", "scopes": ["activities:read"], "allowed_origins": ["https://cong.example"]});
    let made = app.post("/v1/apps").caller(&app.admin).json(new).await.expect(201);
    let url = format!("/v1/apps/{}", text(&made["id"]));

    let patch = json!({"scopes": null, "allowed_origins": null});
    let changed = app.patch(&url).caller(&app.admin).json(patch).await.expect(200);

    assert_eq!((&changed["scopes"], &changed["allowed_origins"]), (&json!([]), &json!([])));
}

#[actix_web::test]
async fn the_same_app_is_made_once_under_one_key() {
    let app = TestApp::start().await;
    let new = json!({"name": "Cổng thông tin", "scopes": []});
    let make = || app.post("/v1/apps").caller(&app.admin).header("Idempotency-Key", "k").json(new.clone());

    let (first, second) = (make().await, make().await);

    assert_eq!(first.expect(201), second.expect(201));
    assert_eq!(second.header("idempotent-replayed"), Some("true"));
}

#[actix_web::test]
async fn a_secret_is_given_again_under_its_key_and_kept_readable_nowhere() {
    let app = TestApp::start().await;
    let new = json!({"name": "Cổng thông tin", "scopes": []});
    let made = app.post("/v1/apps").caller(&app.admin).header("Idempotency-Key", "make").json(new).await.expect(201);
    let url = format!("/v1/apps/{}/rotate-secret", text(&made["id"]));
    let rotate = || app.post(&url).caller(&app.admin).header("Idempotency-Key", "rotate").json(json!({}));

    let (first, second) = (rotate().await, rotate().await);

    assert_eq!(first.expect(200), second.expect(200));
    assert_eq!(second.header("idempotent-replayed"), Some("true"));
    let kept = idempotency_key::Entity::find().all(app.app.db.reads()).await.unwrap();
    assert_eq!(kept.len(), 2);
    for row in kept {
        let body = String::from_utf8_lossy(&row.body).into_owned();
        assert!(!body.is_empty() && !body.contains("client_secret"), "{body}");
        assert!(
            !body.contains(&text(&made["client_secret"])) && !body.contains(&text(&second.json()["client_secret"]))
        );
    }
}

#[actix_web::test]
async fn every_fault_of_an_app_is_named() {
    let app = TestApp::start().await;
    let new = json!({"name": "", "scopes": ["everything"], "allowed_origins": ["*"]});
    app.post("/v1/apps").caller(&app.admin).json(new).await.has_faults(&[("/name", "too_short")]);
    let new = json!({"name": "x", "scopes": ["everything", "activities:read", "activities:read"],
        "allowed_origins": ["https://a.example", "https://a.example/"]});
    app.post("/v1/apps").caller(&app.admin).json(new).await.has_faults(&[
        ("/scopes/0", "not_one_of"),
        ("/scopes/2", "duplicate"),
        ("/allowed_origins/1", "wrong_format"),
    ]);
}

#[actix_web::test]
async fn an_app_that_is_disabled_ends_within_five_seconds_everywhere_and_loses_what_is_taken_from_it() {
    let app = TestApp::start().await;
    let replica = app.replica_server().await;
    let (id, client_id, secret) = client_app(&app, &["activities:read", "campaigns:read"]).await;
    let caller = signed_in(&app, &client_id, &secret).await;
    app.get("/v1/campaigns").caller(&caller).via(&replica).await.expect(200);
    let url = format!("/v1/apps/{id}");

    app.patch(&url).caller(&app.admin).json(json!({"scopes": ["activities:read"]})).await.expect(200);
    app.clock.advance(TimeDelta::seconds(5));
    app.get("/v1/campaigns").caller(&caller).via(&replica).await.is_problem(403, "insufficient_scope");
    app.get("/v1/units").caller(&caller).via(&replica).await.expect(200);

    app.patch(&url).caller(&app.admin).json(json!({"disabled": true})).await.expect(200);
    app.clock.advance(TimeDelta::seconds(5));
    app.get("/v1/units").caller(&caller).via(&replica).await.is_problem(401, "invalid_token");
    assert_eq!(token(&app, &client_id, &secret).await.expect(401)["error"], "invalid_client");

    app.patch(&url).caller(&app.admin).json(json!({"disabled": false})).await.expect(200);
    signed_in(&app, &client_id, &secret).await;
}

#[actix_web::test]
async fn a_rotated_secret_takes_the_place_of_the_old_one() {
    let app = TestApp::start().await;
    let (id, client_id, old) = client_app(&app, &["activities:read"]).await;

    let url = format!("/v1/apps/{id}/rotate-secret");
    let rotated = app.post(url).caller(&app.admin).json(json!({})).await.expect(200);

    assert_eq!(token(&app, &client_id, &old).await.expect(401)["error"], "invalid_client");
    signed_in(&app, &client_id, &text(&rotated["client_secret"])).await;
}

#[actix_web::test]
async fn pages_of_an_apps_origin_may_call_until_it_is_disabled() {
    let app = TestApp::start().await;
    let preflight = async || {
        let request = app.request(Method::OPTIONS, "/v1/campaigns").header("Origin", "https://cong.example");
        let answer = request.header("Access-Control-Request-Method", "GET").await;
        answer.header("access-control-allow-origin").map(str::to_owned)
    };
    assert_eq!(preflight().await, None);

    let new = json!({"name": "Cổng", "scopes": [], "allowed_origins": ["https://cong.example"]});
    let made = app.post("/v1/apps").caller(&app.admin).json(new).await.expect(201);
    assert_eq!(preflight().await.as_deref(), Some("https://cong.example"));

    let url = format!("/v1/apps/{}", text(&made["id"]));
    app.patch(url).caller(&app.admin).json(json!({"disabled": true})).await.expect(200);
    assert_eq!(preflight().await, None);
}

#[actix_web::test]
async fn an_app_is_limited_by_its_own_number() {
    let app = TestApp::start().await;
    let (id, client_id, secret) = client_app(&app, &["activities:read"]).await;
    let patch = json!({"requests_per_minute": 2});
    app.patch(format!("/v1/apps/{id}")).caller(&app.admin).json(patch).await.expect(200);
    let caller = signed_in(&app, &client_id, &secret).await;

    let first = app.get("/v1/units").caller(&caller).await;
    assert_eq!(first.header("ratelimit-policy"), Some("\"app\";q=2;w=60"));
    app.get("/v1/units").caller(&caller).await.expect(200);
    app.get("/v1/units").caller(&caller).await.is_problem(429, "too_many_requests");
}

#[actix_web::test]
async fn an_app_is_found_where_it_was_made_without_its_secret() {
    let app = TestApp::start().await;
    let new = json!({"name": "Cổng thông tin", "scopes": []});
    let made = app.post("/v1/apps").caller(&app.admin).json(new).await;
    let url = made.header("location").unwrap().to_owned();

    let found = app.get(&url).caller(&app.admin).await;

    assert_eq!(found.expect(200)["client_id"], made.expect(201)["client_id"]);
    assert!(!found.text().contains("secret"), "{}", found.text());
    let tag = found.header("etag").unwrap().to_owned();
    app.patch(&url).caller(&app.admin).header("If-Match", &tag).json(json!({"name": "Cổng"})).await.expect(200);
    app.delete(&url).caller(&app.admin).header("If-Match", &tag).await.is_problem(412, "precondition_failed");
    app.delete(&url).caller(&app.admin).await.expect(204);
    app.get(&url).caller(&app.admin).await.is_problem(404, "not_found");
}
