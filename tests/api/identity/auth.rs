//! `/v1/auth`

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::{Person, TestApp};

async fn sign_in(app: &TestApp, body: Value) -> Value {
    app.post("/v1/auth/zalo").json(body).await.expect(200)
}

fn person(session: &Value) -> Person {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Person { id: text(&session["member"]["id"]), token: text(&session["access_token"]) }
}

async fn refresh(app: &TestApp, token: &Value) -> crate::harness::Answer {
    app.post("/v1/auth/refresh").json(json!({"refresh_token": token})).await
}

#[actix_web::test]
async fn a_first_sign_in_makes_a_guest_and_the_next_one_finds_them() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let body = json!({"access_token": zalo.follower().access_token});

    let first = sign_in(&app, body.clone()).await;
    let second = sign_in(&app, body).await;

    assert_eq!((&first["member"]["role"], &first["member"]["display_name"]), (&json!("guest"), &json!("Trần Văn An")));
    assert_eq!((&first["token_type"], &first["expires_in"]), (&json!("Bearer"), &json!(900)));
    assert_eq!(second["member"]["id"], first["member"]["id"]);
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    let me = app.get("/v1/me").caller(&person(&first)).await.expect(200);
    assert_eq!(me["id"], first["member"]["id"]);
}

#[actix_web::test]
async fn a_phone_number_links_the_member_who_was_imported_with_it() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let unit = app.unit("Chi bộ 1").await;
    let new = json!({"display_name": "Trần Văn An", "home_unit_id": unit.id, "phone": "0901 234 561"});
    let imported = app.post("/v1/members").caller(&app.admin).json(new).await.expect(201);
    let code = zalo.phone_code(zalo.follower());

    let session = sign_in(&app, json!({"access_token": zalo.follower().access_token, "phone_code": code})).await;

    assert_eq!(session["member"]["id"], imported["id"]);
    assert_eq!(session["member"]["role"], "member");
}

#[actix_web::test]
async fn a_forged_token_is_refused_and_a_spent_code_is_a_fault_of_the_code() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let code = zalo.phone_code(zalo.follower());
    let body = json!({"access_token": zalo.follower().access_token, "phone_code": code});
    sign_in(&app, body.clone()).await;

    app.post("/v1/auth/zalo").json(json!({"access_token": "forged"})).await.is_problem(401, "zalo_token_refused");
    app.post("/v1/auth/zalo").json(body).await.has_faults(&[("/phone_code", "wrong_code")]);
}

#[actix_web::test]
async fn while_zalo_is_down_sign_in_says_when_to_come_back_and_sessions_go_on() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let body = json!({"access_token": zalo.follower().access_token});
    let session = sign_in(&app, body.clone()).await;
    zalo.answer_with(502);

    let answer = app.post("/v1/auth/zalo").json(body).await;

    answer.is_problem(503, "zalo_unavailable");
    assert!(answer.header("retry-after").is_some());
    app.get("/v1/me").caller(&person(&session)).await.expect(200);
    refresh(&app, &session["refresh_token"]).await.expect(200);
}

#[actix_web::test]
async fn every_refresh_gives_a_new_pair() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let session = sign_in(&app, json!({"access_token": zalo.follower().access_token})).await;
    app.clock.advance(TimeDelta::minutes(20));
    app.get("/v1/me").caller(&person(&session)).await.is_problem(401, "invalid_token");

    let pair = refresh(&app, &session["refresh_token"]).await.expect(200);

    assert_ne!(pair["refresh_token"], session["refresh_token"]);
    let renewed = Person { token: pair["access_token"].as_str().unwrap().to_owned(), ..person(&session) };
    app.get("/v1/me").caller(&renewed).await.expect(200);
}

#[actix_web::test]
async fn a_second_use_of_a_refresh_token_ends_its_session() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let session = sign_in(&app, json!({"access_token": zalo.follower().access_token})).await;
    let pair = refresh(&app, &session["refresh_token"]).await.expect(200);

    refresh(&app, &session["refresh_token"]).await.is_problem(401, "invalid_refresh_token");

    refresh(&app, &pair["refresh_token"]).await.is_problem(401, "invalid_refresh_token");
    app.get("/v1/me").caller(&person(&session)).await.is_problem(401, "invalid_token");
}

#[actix_web::test]
async fn one_refresh_token_twenty_times_at_once_is_good_once() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let session = sign_in(&app, json!({"access_token": zalo.follower().access_token})).await;

    let answers = join_all((0..20).map(|_| refresh(&app, &session["refresh_token"]))).await;

    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 401).count(), 19);
}

#[actix_web::test]
async fn logging_out_ends_the_session() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let session = sign_in(&app, json!({"access_token": zalo.follower().access_token})).await;

    app.post("/v1/auth/logout").caller(&person(&session)).await.expect(204);

    refresh(&app, &session["refresh_token"]).await.is_problem(401, "invalid_refresh_token");
    app.get("/v1/me").caller(&person(&session)).await.is_problem(401, "invalid_token");
}

#[actix_web::test]
async fn every_fault_of_a_sign_in_is_named() {
    let app = TestApp::start().await;

    let answer = app.post("/v1/auth/zalo").json(json!({"phone_code": 1, "name": "An"})).await;

    answer.has_faults(&[("/access_token", "missing"), ("/phone_code", "wrong_type"), ("/name", "unknown_field")]);
}

#[actix_web::test]
async fn whoever_has_a_staff_account_does_not_come_in_past_their_password() {
    use thidua::{
        db::{Actor, Tx},
        identity::staff::{self, StaffAccount},
    };
    let (app, zalo) = TestApp::start_with_zalo().await;
    let body = json!({"access_token": zalo.follower().access_token});
    let session = sign_in(&app, body.clone()).await;
    let member = thidua::kit::values::ids::MemberId(session["member"]["id"].as_str().unwrap().parse().unwrap());
    let account = async |tx: &Tx| {
        let account = StaffAccount::new(member, "an", "no password".to_owned(), tx.now());
        staff::insert(tx, account).await.map_err(Into::into)
    };
    app.app.change_as(Actor::system(), account).await.unwrap();

    app.post("/v1/auth/zalo").json(body.clone()).await.is_problem(403, "staff_account");

    app.execute("UPDATE staff_account SET disabled_at = created_at WHERE username = 'an'");
    app.post("/v1/auth/zalo").json(body).await.is_problem(403, "staff_account");
}

#[actix_web::test]
async fn an_empty_code_is_none() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let token = &zalo.follower().access_token;

    let session = sign_in(&app, json!({"access_token": token, "phone_code": "", "location_code": ""})).await;

    assert_eq!(session["member"]["role"], "guest");
}
