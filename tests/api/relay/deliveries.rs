//! `/v1/deliveries`

use serde_json::{Value, json};
use thidua::outbox::Event;

use crate::harness::{Person, TestApp, Unit, ZaloStandIn};

/// A member of a unit whose check-in was verified.
struct Scene {
    app: TestApp,
    zalo: ZaloStandIn,
    unit: Unit,
}

async fn scene() -> Scene {
    let (app, zalo) = TestApp::start_with_zalo_and(|config| config.relay.max_attempts = 2).await;
    let unit = app.unit("Chi bộ 1").await;
    Scene { app, zalo, unit }
}

impl Scene {
    async fn verify_checkin_of(&self, member: &Person) {
        let checkin = self.app.checkin_row(&self.unit, member).await;
        self.app.record(Event::CheckinVerified { checkin_id: checkin.id, decision_id: None }).await;
        self.app.run_relay().await;
    }

    async fn only_delivery(&self) -> Value {
        let admin = self.app.sign_in(&self.app.admin.id).await;
        let mut page = self.app.get("/v1/deliveries").caller(&admin).await.expect(200);
        let items = page["items"].as_array_mut().unwrap();
        assert_eq!(items.len(), 1, "{items:?}");
        items.remove(0)
    }

    /// Has the Official Account's token, so that what fails next is the message.
    async fn have_token(&self) {
        thidua::relay::provider_tokens::access(&self.app.app).await.unwrap().unwrap();
    }

    /// Lets the time go by in which a failed delivery waits.
    async fn wait(&self) {
        self.app.clock.advance(chrono::TimeDelta::hours(8));
        self.app.run_relay().await;
    }

    async fn retry(&self, delivery: &Value, caller: &Person) -> crate::harness::Answer {
        let url = format!("/v1/deliveries/{}/retry", delivery["id"].as_str().unwrap());
        self.app.post(url).caller(caller).await
    }
}

#[actix_web::test]
async fn whoever_does_not_follow_the_account_is_left_alone_with_a_reason() {
    let scene = scene().await;
    let member = scene.app.zalo_member_of(&scene.unit, scene.zalo.stranger()).await;

    scene.verify_checkin_of(&member).await;

    let delivery = scene.only_delivery().await;
    assert_eq!((&delivery["status"], &delivery["reason"]), (&json!("suppressed"), &json!("not_a_follower")));
    assert_eq!(delivery["attempts"][0]["outcome"], "suppressed");
    assert_eq!(scene.app.inbox_of(&member).await.len(), 1);
}

#[actix_web::test]
async fn whoever_has_been_silent_for_a_week_is_left_alone_too() {
    let scene = scene().await;
    let member = scene.app.zalo_member_of(&scene.unit, scene.zalo.silent_follower()).await;

    scene.verify_checkin_of(&member).await;

    assert_eq!(scene.only_delivery().await["reason"], "outside_window");
}

#[actix_web::test]
async fn a_member_without_zalo_has_the_inbox_alone() {
    let scene = scene().await;
    let member = scene.app.member_of(&scene.unit).await;

    scene.verify_checkin_of(&member).await;

    let page = scene.app.get("/v1/deliveries").caller(&scene.app.admin).await.expect(200);
    assert_eq!(page["items"], json!([]));
    assert_eq!(scene.app.inbox_of(&member).await.len(), 1);
}

#[actix_web::test]
async fn a_delivery_that_fails_too_often_is_dead_until_somebody_retries_it() {
    let scene = scene().await;
    let member = scene.app.zalo_member_of(&scene.unit, scene.zalo.follower()).await;
    scene.have_token().await;
    scene.zalo.answer_with(500);
    scene.verify_checkin_of(&member).await;
    scene.wait().await;
    let dead = scene.only_delivery().await;
    assert_eq!((&dead["status"], &dead["reason"]), (&json!("dead"), &json!("too_many_attempts")));
    assert_eq!(dead["attempts"].as_array().unwrap().len(), 2);
    scene.zalo.work_again();

    let admin = scene.app.sign_in(&scene.app.admin.id).await;
    let answer = scene.retry(&dead, &admin).await.expect(200);
    scene.app.run_relay().await;

    assert_eq!(answer["status"], "pending");
    let delivery = scene.only_delivery().await;
    assert_eq!((&delivery["status"], &delivery["reason"]), (&json!("delivered"), &json!(null)));
    assert_eq!(delivery["attempts"].as_array().unwrap().len(), 3);
    assert_eq!(scene.zalo.sent().len(), 1);
}

#[actix_web::test]
async fn what_has_arrived_is_not_sent_again() {
    let scene = scene().await;
    let member = scene.app.zalo_member_of(&scene.unit, scene.zalo.follower()).await;
    scene.verify_checkin_of(&member).await;
    let delivered = scene.only_delivery().await;

    scene.retry(&delivered, &scene.app.admin).await.is_problem(409, "delivery_state");

    assert_eq!(scene.zalo.sent().len(), 1);
}

#[actix_web::test]
async fn a_manager_sees_and_retries_those_of_their_own_units_alone() {
    let scene = scene().await;
    let manager = scene.app.manager_of(&scene.unit).await;
    let stranger = scene.app.manager_of(&scene.app.unit("Đảng bộ khác").await).await;
    let member = scene.app.zalo_member_of(&scene.unit, scene.zalo.stranger()).await;
    scene.verify_checkin_of(&member).await;
    let delivery = scene.only_delivery().await;
    let list = |caller| scene.app.get("/v1/deliveries?status=suppressed").caller(caller);

    assert_eq!(list(&manager).await.expect(200)["items"], json!([delivery]));
    assert_eq!(list(&stranger).await.expect(200)["items"], json!([]));
    list(&member).await.is_problem(403, "forbidden");
    scene.retry(&delivery, &stranger).await.is_problem(404, "not_found");
    scene.retry(&delivery, &member).await.is_problem(403, "forbidden");
    assert_eq!(scene.retry(&delivery, &manager).await.expect(200)["status"], "pending");
    scene.app.run_relay().await;
}

#[actix_web::test]
async fn a_retry_under_one_key_is_one_retry() {
    let scene = scene().await;
    let member = scene.app.zalo_member_of(&scene.unit, scene.zalo.stranger()).await;
    scene.verify_checkin_of(&member).await;
    let delivery = scene.only_delivery().await;
    let url = format!("/v1/deliveries/{}/retry", delivery["id"].as_str().unwrap());
    let retry = || scene.app.post(&url).caller(&scene.app.admin).header("Idempotency-Key", "once");

    let first = retry().await.expect(200);
    scene.app.run_relay().await;
    let second = retry().await;

    assert_eq!(second.expect(200), first);
    assert_eq!(second.header("idempotent-replayed"), Some("true"));
    assert_eq!(scene.only_delivery().await["attempts"].as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn a_status_that_there_is_not_is_refused() {
    let app = TestApp::start().await;

    let answer = app.get("/v1/deliveries?status=lost").caller(&app.admin).await;

    answer.has_faults(&[("status", "not_one_of")]);
}

#[actix_web::test]
async fn nothing_is_sent_to_whoever_has_not_agreed_or_agrees_no_more() {
    let scene = scene().await;
    let member = scene.app.zalo_member_of(&scene.unit, scene.zalo.follower()).await;
    let withdraw = async || {
        let body = json!({"consents": [{"kind": "oa_messages", "version": 1, "agreed": false}]});
        scene.app.put("/v1/me/consents").caller(&member).json(body).await.expect(200);
    };
    // Queued while they agreed, and taken back before it went out.
    scene.zalo.answer_with(503);
    scene.verify_checkin_of(&member).await;
    withdraw().await;
    scene.zalo.work_again();
    scene.wait().await;
    let first = scene.only_delivery().await;
    assert_eq!((&first["status"], &first["reason"]), (&json!("suppressed"), &json!("no_consent")));

    scene.verify_checkin_of(&scene.app.sign_in(&member.id).await).await;

    let admin = scene.app.sign_in(&scene.app.admin.id).await;
    let page = scene.app.get("/v1/deliveries?status=suppressed").caller(&admin).await.expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 2, "{page}");
    assert!(scene.zalo.sent().is_empty());
}
