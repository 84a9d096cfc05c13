//! `/v1/me/sessions`, and what becomes of refresh tokens.

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::{Answer, Person, Replica, TestApp, ZaloStandIn, text};

const PHONE: &str =
    "Mozilla/5.0 (Linux; Android 14; SM-A536E Build/UP1A; wv) AppleWebKit/537.36 Chrome/124.0 Zalo android/12110601";

async fn sign_in(app: &TestApp, zalo: &ZaloStandIn) -> Value {
    let body = json!({"access_token": zalo.follower().access_token});
    app.post("/v1/auth/zalo").header("User-Agent", PHONE).json(body).await.expect(200)
}

fn caller(session: &Value) -> Person {
    Person { id: text(&session["member"]["id"]), token: text(&session["access_token"]) }
}

async fn refresh(app: &TestApp, token: &Value, replica: Option<&Replica>) -> Answer {
    let request = app.post("/v1/auth/refresh").json(json!({"refresh_token": token}));
    match replica {
        Some(replica) => request.via(replica).await,
        None => request.await,
    }
}

#[actix_web::test]
async fn everybody_sees_the_devices_that_they_are_signed_in_on() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let old = sign_in(&app, &zalo).await;
    app.clock.advance(TimeDelta::minutes(1));
    let new = sign_in(&app, &zalo).await;

    let listed = app.get("/v1/me/sessions").caller(&caller(&new)).await.expect(200);

    let items = listed["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!((&items[0]["is_current"], &items[1]["is_current"]), (&json!(true), &json!(false)));
    assert_eq!(items[0]["device"], "Zalo · SM-A536E (Android 14)");
    assert_eq!(items[0]["client_id"], "mini-app");
    let other = app.get("/v1/me/sessions").caller(&caller(&old)).await.expect(200);
    assert_eq!(other["items"][1]["is_current"], true);
}

#[actix_web::test]
async fn a_session_that_is_deleted_is_signed_out_and_another_members_is_not_found() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let (lost, kept) = (sign_in(&app, &zalo).await, sign_in(&app, &zalo).await);
    let listed = app.get("/v1/me/sessions").caller(&caller(&kept)).await.expect(200);
    let id = text(&listed["items"][1]["id"]);
    app.delete(format!("/v1/me/sessions/{id}")).caller(&app.admin).await.is_problem(404, "not_found");
    app.get("/v1/me").caller(&caller(&lost)).await.expect(200);

    app.delete(format!("/v1/me/sessions/{id}")).caller(&caller(&kept)).await.expect(204);

    app.get("/v1/me").caller(&caller(&lost)).await.is_problem(401, "invalid_token");
    refresh(&app, &lost["refresh_token"], None).await.is_problem(401, "invalid_refresh_token");
    app.get("/v1/me").caller(&caller(&kept)).await.expect(200);
    app.delete(format!("/v1/me/sessions/{id}")).caller(&caller(&kept)).await.is_problem(404, "not_found");
}

#[actix_web::test]
async fn a_session_that_ended_elsewhere_ends_on_every_replica_within_five_seconds() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let session = sign_in(&app, &zalo).await;
    let replica = app.replica_server().await;
    app.get("/v1/me").caller(&caller(&session)).via(&replica).await.expect(200);

    app.post("/v1/auth/logout").caller(&caller(&session)).await.expect(204);
    app.clock.advance(TimeDelta::seconds(5));

    app.get("/v1/me").caller(&caller(&session)).via(&replica).await.is_problem(401, "invalid_token");
}

#[actix_web::test]
async fn a_refresh_token_twenty_times_at_once_on_two_replicas_has_one_success_and_no_living_branch() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let session = sign_in(&app, &zalo).await;
    let replica = app.replica_server().await;
    let token = &session["refresh_token"];

    let answers = join_all((0..20).map(|turn| refresh(&app, token, (turn % 2 == 0).then_some(&replica)))).await;

    let (good, bad): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!((good.len(), bad.len()), (1, 19));
    for answer in bad {
        answer.is_problem(401, "invalid_refresh_token");
    }
    let branch = good[0].json();
    refresh(&app, &branch["refresh_token"], None).await.is_problem(401, "invalid_refresh_token");
    app.clock.advance(TimeDelta::seconds(5));
    let holder = Person { token: text(&branch["access_token"]), ..caller(&session) };
    app.get("/v1/me").caller(&holder).await.is_problem(401, "invalid_token");
    app.get("/v1/me").caller(&holder).via(&replica).await.is_problem(401, "invalid_token");
}

#[actix_web::test]
async fn an_old_access_token_does_not_keep_anybody_from_a_new_one() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let session = sign_in(&app, &zalo).await;
    app.clock.advance(TimeDelta::minutes(20));
    let old = caller(&session);
    app.get("/v1/me").caller(&old).await.is_problem(401, "invalid_token");

    for probe in ["/healthz", "/readyz", "/.well-known/jwks.json", "/.well-known/oauth-authorization-server"] {
        assert_eq!(app.get(probe).caller(&old).await.status, 200, "{probe}");
    }
    for probe in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(app.get_inside(probe).caller(&old).await.status, 200, "{probe}");
    }
    app.post("/oauth/revoke").caller(&old).form(&[("token", "unknown")]).await.expect(200);
    let answer = app.post("/oauth/token").caller(&old).form(&[("grant_type", "password")]).await.expect(400);
    assert_eq!(answer["error"], "unsupported_grant_type");
    let body = json!({"refresh_token": session["refresh_token"]});
    app.post("/v1/auth/refresh").caller(&old).json(body).await.expect(200);
    let body = json!({"access_token": zalo.follower().access_token});
    app.post("/v1/auth/zalo").caller(&old).json(body).await.expect(200);
}
