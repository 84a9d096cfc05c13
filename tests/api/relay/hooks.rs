//! `/v1/hooks`

use chrono::TimeDelta;
use serde_json::{Value, json};
use thidua::relay::hooks::signature_of;

use crate::harness::{Answer, MINI_APP_API_KEY, Person, TestApp, heard, listen};

async fn tell(app: &TestApp, event: &Value, key: &str) -> Answer {
    let signature = signature_of(event.as_object().unwrap(), key);
    app.post("/v1/hooks/zalo/mini-app").header("X-ZEvent-Signature", &signature).json(event.clone()).await
}

fn revocation(zalo_id: &str, app: &TestApp) -> Value {
    json!({"event": "user.revoke.consent", "appId": "42", "userId": zalo_id, "timestamp": app.clock.now().timestamp_millis()})
}

async fn sign_in(app: &TestApp, access_token: &str) -> Person {
    let session = app.post("/v1/auth/zalo").json(json!({"access_token": access_token})).await.expect(200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Person { id: text(&session["member"]["id"]), token: text(&session["access_token"]) }
}

async fn link_admin(app: &TestApp, zalo_id: &str) {
    let link =
        thidua::organisation::members::ZaloLink { app_user_id: zalo_id.to_owned(), oa_user_id: None, follows_oa: None };
    let id = thidua::kit::values::ids::MemberId(app.admin.id.parse().unwrap());
    let link_zalo =
        async |tx: &thidua::db::Tx| Ok(thidua::organisation::members::link_zalo(tx, &app.app.vault, id, &link).await?);
    app.app.change_as(thidua::db::Actor::system(), link_zalo).await.unwrap();
}

#[actix_web::test]
async fn a_consent_that_is_withdrawn_at_zalo_erases_the_member() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let person = zalo.follower().clone();
    let member = sign_in(&app, &person.access_token).await;
    let event = revocation(&person.zalo_id, &app);

    tell(&app, &event, MINI_APP_API_KEY).await.expect(200);
    tell(&app, &event, MINI_APP_API_KEY).await.expect(200);
    app.get("/v1/me").caller(&member).await.expect(200);
    app.run_relay().await;

    app.get("/v1/me").caller(&member).await.is_problem(401, "invalid_token");
    let anew = sign_in(&app, &person.access_token).await;
    assert_ne!(anew.id, member.id);
    // Zalo tells late and twice: whoever has come back meanwhile stays.
    app.clock.advance(TimeDelta::minutes(1));
    let mut late = event.clone();
    late["timestamp"] = json!(event["timestamp"].as_i64().unwrap() - 1);
    tell(&app, &late, MINI_APP_API_KEY).await.expect(200);
    app.run_relay().await;
    app.get("/v1/me").caller(&anew).await.expect(200);
}

#[actix_web::test]
async fn a_withdrawal_that_is_older_than_the_last_sign_in_erases_nobody() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let person = zalo.follower().clone();
    let member = sign_in(&app, &person.access_token).await;
    app.clock.advance(TimeDelta::hours(1));
    let withdrawal = revocation(&person.zalo_id, &app);
    app.clock.advance(TimeDelta::hours(1));
    // They are known since before it, and have come back after it.
    assert_eq!(sign_in(&app, &person.access_token).await.id, member.id);

    tell(&app, &withdrawal, MINI_APP_API_KEY).await.expect(200);
    app.run_relay().await;

    let here = app.sign_in(&member.id).await;
    app.get("/v1/me").caller(&here).await.expect(200);
    assert_eq!(app.count("SELECT id FROM provider_event WHERE outcome = 'outdated'"), 1);
    assert_eq!(app.count("SELECT id FROM audit_row WHERE action = 'leave_withdrawal'"), 1);
    assert!(app.get_inside("/metrics").await.text().contains("thidua_zalo_withdrawals_total{outcome=\"outdated\"}"));
    // Told again after it was forgotten here, it is still older.
    app.execute("DELETE FROM provider_event");
    tell(&app, &withdrawal, MINI_APP_API_KEY).await.expect(200);
    app.run_relay().await;
    app.get("/v1/me").caller(&here).await.expect(200);
    // One of now counts.
    tell(&app, &revocation(&person.zalo_id, &app), MINI_APP_API_KEY).await.expect(200);
    app.run_relay().await;
    app.get("/v1/me").caller(&here).await.is_problem(401, "invalid_token");
}

#[actix_web::test]
async fn a_withdrawal_from_the_future_is_one_of_when_it_came() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let person = zalo.follower().clone();
    let member = sign_in(&app, &person.access_token).await;
    let future = app.clock.now() + TimeDelta::days(36_500);
    for timestamp in [json!(future.timestamp_millis()), json!(i64::MAX)] {
        let mut event = revocation(&person.zalo_id, &app);
        event["timestamp"] = timestamp;
        tell(&app, &event, MINI_APP_API_KEY).await.expect(200);
    }
    app.clock.advance(TimeDelta::seconds(1));
    // Between its arrival and the work on it they have signed in.
    sign_in(&app, &person.access_token).await;

    app.run_relay().await;

    app.get("/v1/me").caller(&member).await.expect(200);
    assert_eq!(app.count("SELECT id FROM provider_event WHERE outcome = 'outdated'"), 2);
}

#[actix_web::test]
async fn what_is_not_signed_is_neither_stored_nor_read_at_length() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let event = revocation(&zalo.follower().zalo_id, &app);
    for key in ["", "another key"] {
        tell(&app, &event, key).await.is_problem(401, "invalid_signature");
    }
    let long = format!("{{\"event\": \"{}\"}}", "x".repeat(70_000));

    let answer = app.post("/v1/hooks/zalo/mini-app").body("application/json", long).await;

    answer.is_problem(413, "body_too_large");
    assert_eq!(app.count("SELECT id FROM provider_event"), 0);
}

#[actix_web::test]
async fn the_last_admins_withdrawal_waits_until_there_is_another_one() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let person = zalo.follower().clone();
    link_admin(&app, &person.zalo_id).await;
    tell(&app, &revocation(&person.zalo_id, &app), MINI_APP_API_KEY).await.expect(200);

    app.run_relay().await;
    app.get("/v1/me").caller(&app.admin).await.expect(200);
    app.another_admin("binh").await;
    app.clock.advance(TimeDelta::minutes(1));
    app.run_relay().await;

    app.get("/v1/me").caller(&app.admin).await.is_problem(401, "invalid_token");
}

#[actix_web::test]
async fn events_that_cannot_be_worked_on_hold_up_no_other_and_say_so_once_a_try() {
    listen();
    let (app, zalo) = TestApp::start_with_zalo().await;
    let (admin, person) = (zalo.follower().clone(), zalo.other_follower().clone());
    link_admin(&app, &admin.zalo_id).await;
    let member = sign_in(&app, &person.access_token).await;
    for number in 0..50 {
        let mut event = revocation(&admin.zalo_id, &app);
        event["timestamp"] = json!(app.clock.now().timestamp_millis() + number);
        tell(&app, &event, MINI_APP_API_KEY).await.expect(200);
    }
    tell(&app, &revocation(&person.zalo_id, &app), MINI_APP_API_KEY).await.expect(200);

    app.run_relay().await;
    app.run_relay().await;

    app.get("/v1/me").caller(&member).await.is_problem(401, "invalid_token");
    assert_eq!(alarms(), 50);
    app.clock.advance(TimeDelta::minutes(1));
    app.run_relay().await;
    assert_eq!(alarms(), 50);
    app.clock.advance(TimeDelta::seconds(40));
    app.run_relay().await;
    assert_eq!(alarms(), 0, "the next try is twice as far");
}

/// How many were raised since it was last asked.
fn alarms() -> usize {
    let count = heard().matches("alarm=\"zalo_event_waits\"").count();
    listen();
    count
}

#[actix_web::test]
async fn an_event_that_zalo_has_not_signed_is_refused() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let person = zalo.follower().clone();
    let member = sign_in(&app, &person.access_token).await;
    let event = revocation(&person.zalo_id, &app);

    tell(&app, &event, "another key").await.is_problem(401, "invalid_signature");
    app.post("/v1/hooks/zalo/mini-app").json(event).await.is_problem(401, "invalid_signature");
    app.post("/v1/hooks/zalo/mini-app").body("application/json", "{").await.is_problem(400, "invalid_json");
    app.post("/v1/hooks/zalo/mini-app").json(json!({})).await.expect(200);

    app.run_relay().await;
    app.get("/v1/me").caller(&member).await.expect(200);
}

#[actix_web::test]
async fn without_a_key_nothing_is_taken() {
    let app = TestApp::start().await;

    tell(&app, &revocation("7", &app), "").await.is_problem(401, "invalid_signature");
}

#[actix_web::test]
async fn what_is_about_nobody_here_is_taken_and_left() {
    let (app, zalo) = TestApp::start_with_zalo().await;

    tell(&app, &revocation(&zalo.stranger().zalo_id, &app), MINI_APP_API_KEY).await.expect(200);
    let review = json!({"event": "versions.review.done", "appId": "42", "versionId": 7, "status": 0, "timestamp": 1_773_108_000_000_i64});
    tell(&app, &review, MINI_APP_API_KEY).await.expect(200);

    app.run_relay().await;
}
