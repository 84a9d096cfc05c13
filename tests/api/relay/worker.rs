//! The relay at work.

use chrono::TimeDelta;
use serde_json::json;
use thidua::{
    outbox::Event,
    relay::worker::{Tick, tick},
    sandbox::zalo::Endpoint,
};

use crate::harness::{Person, TestApp, ZaloStandIn};

/// A member who follows the Official Account, and news for them.
async fn with_news() -> (TestApp, ZaloStandIn, Person) {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let unit = app.unit("Chi bộ 1").await;
    let member = app.zalo_member_of(&unit, zalo.follower()).await;
    app.run_relay().await;
    let checkin = app.checkin_row(&unit, &member).await;
    app.record(Event::CheckinVerified { checkin_id: checkin.id }).await;
    (app, zalo, member)
}

async fn more_news(app: &TestApp, member: &Person) {
    let unit = app.unit("Chi bộ khác").await;
    let checkin = app.checkin_row(&unit, member).await;
    app.record(Event::CheckinVerified { checkin_id: checkin.id }).await;
}

async fn statuses(app: &TestApp) -> Vec<String> {
    let admin = app.sign_in(&app.admin.id).await;
    let page = app.get("/v1/deliveries").caller(&admin).await.expect(200);
    page["items"].as_array().unwrap().iter().map(|one| one["status"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn a_tick_says_what_it_did_and_the_next_one_has_nothing_to_do() {
    let (app, zalo, _member) = with_news().await;

    let done = tick(&app.app).await.unwrap();

    assert_eq!(done, Tick { numbered: 1, sent: 1, ..Tick::default() });
    assert!(tick(&app.app).await.unwrap().is_idle());
    let sent = zalo.sent();
    assert_eq!(sent[0].to, zalo.follower().oa_user_id);
    assert_eq!(
        sent[0].text,
        "Báo cáo đã được xác nhận\n\nBáo cáo “Lắp đèn đường” (12,5 km) trong phong trào “Thắp sáng đường quê” đã được \
         xác nhận."
    );
}

#[actix_web::test]
async fn two_workers_at_once_send_each_message_once() {
    let (app, zalo, member) = with_news().await;
    for _ in 0..5 {
        more_news(&app, &member).await;
    }
    let other = app.replica().await;

    for _ in 0..3 {
        let (one, two) = tokio::join!(tick(&app.app), tick(&other));
        one.unwrap();
        two.unwrap();
    }
    app.run_relay().await;

    assert_eq!(zalo.sent().len(), 6);
    assert_eq!(statuses(&app).await, ["delivered"; 6]);
    assert_eq!(app.inbox_of(&member).await.len(), 6);
    assert_eq!(zalo.calls(Endpoint::OaToken), 1);
}

#[actix_web::test]
async fn an_audience_is_reached_once_by_several_replicas() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let unit = app.unit("Chi bộ 1").await;
    for person in [zalo.follower(), zalo.other_follower()] {
        app.zalo_member_of(&unit, person).await;
    }
    let campaign_id = app.campaign_row(&unit).await;
    app.record(Event::CampaignLaunched { campaign_id }).await;
    let (second, third) = (app.replica().await, app.replica().await);

    for _ in 0..3 {
        let (one, two, three) = tokio::join!(tick(&app.app), tick(&second), tick(&third));
        assert!([one, two, three].iter().all(Result::is_ok));
    }
    app.run_relay().await;

    let mut to: Vec<_> = zalo.sent().into_iter().map(|sent| sent.to).collect();
    to.sort();
    assert_eq!(to, [zalo.follower().oa_user_id.clone(), zalo.other_follower().oa_user_id.clone()]);
}

#[actix_web::test]
async fn what_failed_is_sent_when_its_time_has_come() {
    let (app, zalo, member) = with_news().await;
    app.run_relay().await;
    app.clock.advance(TimeDelta::seconds(1));
    more_news(&app, &member).await;
    zalo.answer_with(500);
    app.run_relay().await;
    assert_eq!(statuses(&app).await, ["failed", "delivered"]);
    zalo.work_again();

    assert!(tick(&app.app).await.unwrap().is_idle());
    app.clock.advance(TimeDelta::seconds(40));
    let done = tick(&app.app).await.unwrap();

    assert_eq!(done.sent, 1);
    assert_eq!(zalo.sent().len(), 2);
    let page = app.get("/v1/deliveries").caller(&app.admin).await.expect(200);
    let attempts = &page["items"][0]["attempts"];
    assert_eq!(attempts[0]["outcome"], "failed");
    assert_eq!(attempts[0]["answer"], "Zalo's official_account API answered with HTTP status 500");
    assert_eq!((&attempts[1]["attempt"], &attempts[1]["outcome"]), (&json!(2), &json!("delivered")));
}

#[actix_web::test]
async fn a_stale_token_is_renewed_once_and_the_message_sent() {
    let (app, zalo, member) = with_news().await;
    app.run_relay().await;
    zalo.expire_tokens();
    for _ in 0..3 {
        more_news(&app, &member).await;
    }

    app.run_relay().await;

    assert_eq!(zalo.sent().len(), 4);
    assert_eq!(zalo.calls(Endpoint::OaToken), 2);
    assert_eq!(statuses(&app).await, ["delivered"; 4]);
}

#[actix_web::test]
async fn a_token_is_renewed_before_it_ends() {
    let (app, zalo, member) = with_news().await;
    app.run_relay().await;
    let later = app.checkin_row(&app.unit("Chi bộ khác").await, &member).await;
    app.clock.advance(TimeDelta::hours(21));
    app.record(Event::CheckinVerified { checkin_id: later.id }).await;

    app.run_relay().await;

    assert_eq!(zalo.calls(Endpoint::OaToken), 2);
    assert_eq!(zalo.calls(Endpoint::Consultation), 2);
}

#[actix_web::test]
async fn without_a_token_messages_wait_and_zalo_is_not_asked_again_and_again() {
    let (app, zalo) = TestApp::start_with_zalo_and(|config| config.zalo.oa_refresh_token = "a spent one".into()).await;
    let unit = app.unit("Chi bộ 1").await;
    let member = app.zalo_member_of(&unit, zalo.follower()).await;
    let checkin = app.checkin_row(&unit, &member).await;
    app.record(Event::CheckinVerified { checkin_id: checkin.id }).await;

    app.run_relay().await;
    app.clock.advance(TimeDelta::days(1));
    app.run_relay().await;

    assert_eq!(zalo.calls(Endpoint::OaToken), 1);
    assert_eq!(zalo.calls(Endpoint::Consultation), 0);
    assert_eq!(statuses(&app).await, ["pending"]);
}

#[actix_web::test]
async fn zalo_out_of_reach_costs_no_refresh_token() {
    let (app, zalo, _member) = with_news().await;
    zalo.answer_with(503);
    app.run_relay().await;
    app.run_relay().await;
    assert_eq!(zalo.calls(Endpoint::OaToken), 1);
    zalo.work_again();
    app.clock.advance(TimeDelta::minutes(2));

    app.run_relay().await;

    assert_eq!(zalo.sent().len(), 1);
    assert_eq!(statuses(&app).await, ["delivered"]);
}

#[actix_web::test]
async fn a_worker_stops_when_the_server_does() {
    let app = TestApp::start().await;

    let work = thidua::relay::worker::run(app.app.clone());
    let stop = async { app.app.stop() };

    tokio::join!(work, stop);
}
