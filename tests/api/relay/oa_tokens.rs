//! The Official Account's token pair: never sent empty, never lost.

use chrono::TimeDelta;
use sea_orm::{DbBackend, EntityTrait as _};
use serde_json::json;
use thidua::{
    entity::provider_token,
    outbox::Event,
    relay::worker::{run, tick},
    sandbox::zalo::Endpoint,
};

use crate::harness::{Person, TestApp, ZaloStandIn, heard, listen};

/// A member who follows the Official Account, and news for them.
async fn with_news() -> (TestApp, ZaloStandIn, Person) {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let member = app.zalo_member_of(&app.unit("Chi bộ 1").await, zalo.follower()).await;
    app.run_relay().await;
    more_news(&app, &member).await;
    (app, zalo, member)
}

async fn more_news(app: &TestApp, member: &Person) {
    let checkin = app.checkin_row(&app.unit("Chi bộ khác").await, member).await;
    app.record(Event::CheckinVerified { checkin_id: checkin.id, decision_id: None }).await;
}

/// Lets no new pair be stored: leases and all else are written as ever.
fn refuse_pairs(app: &TestApp) {
    if app.app.db.backend() == DbBackend::Sqlite {
        app.execute(
            "CREATE TRIGGER refuse_pairs BEFORE UPDATE OF refresh_cipher ON provider_token \
             BEGIN SELECT RAISE(ABORT, 'no room'); END",
        );
        return;
    }
    app.execute("CREATE FUNCTION refuse_pairs() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no room'; END $$");
    app.execute(
        "CREATE TRIGGER refuse_pairs BEFORE UPDATE OF refresh_cipher ON provider_token \
         FOR EACH ROW EXECUTE FUNCTION refuse_pairs()",
    );
}

fn take_pairs(app: &TestApp) {
    match app.app.db.backend() {
        DbBackend::Sqlite => app.execute("DROP TRIGGER refuse_pairs"),
        _ => app.execute("DROP TRIGGER refuse_pairs ON provider_token"),
    }
}

/// Goes on until there is nothing to do, or only what cannot be done.
async fn work(app: &TestApp) {
    for _ in 0..5 {
        let _trouble = tick(&app.app).await;
    }
}

fn alarms(log: &str, name: &str) -> usize {
    log.matches(&format!("alarm=\"{name}\"")).count()
}

async fn row(app: &TestApp) -> provider_token::Model {
    provider_token::Entity::find().one(app.app.db.reads()).await.unwrap().unwrap()
}

#[actix_web::test]
async fn the_first_message_goes_out_once_and_with_a_token() {
    let (app, zalo, _member) = with_news().await;
    app.clock.let_it_run();

    app.run_relay().await;

    assert_eq!(zalo.sent().len(), 1);
    assert_eq!((zalo.calls(Endpoint::OaToken), zalo.calls(Endpoint::Consultation)), (1, 1));
}

#[actix_web::test]
async fn a_pair_that_cannot_be_stored_is_used_and_tried_until_it_is() {
    listen();
    let (app, zalo, member) = with_news().await;
    refuse_pairs(&app);
    work(&app).await;
    assert_eq!(zalo.sent().len(), 1, "it is used from memory");
    assert_eq!(alarms(&heard(), "zalo_oa_token_unstored"), 1);
    listen();
    let other = app.replica().await;
    more_news(&app, &member).await;
    let _waits = tick(&other).await;
    work(&app).await;
    assert_eq!(zalo.sent().len(), 2);
    assert_eq!(zalo.calls(Endpoint::OaToken), 1, "nobody spends the old one again");
    assert_eq!(alarms(&heard(), "zalo_oa_token_unstored"), 0, "it is not time to try again");
    listen();
    app.clock.advance(TimeDelta::seconds(1));
    work(&app).await;
    assert_eq!(alarms(&heard(), "zalo_oa_token_unstored"), 1);
    take_pairs(&app);
    app.clock.advance(TimeDelta::seconds(2));

    work(&app).await;

    assert!(app.app.held_tokens.get().is_none());
    more_news(&app, &member).await;
    app.run_relay_of(&other).await;
    assert_eq!((zalo.sent().len(), zalo.calls(Endpoint::OaToken)), (3, 1));
}

#[actix_web::test]
async fn a_pair_that_is_held_mends_what_others_found_spent_meanwhile() {
    listen();
    let (app, zalo, member) = with_news().await;
    refuse_pairs(&app);
    work(&app).await;
    let other = app.replica().await;
    app.clock.advance(TimeDelta::minutes(5));
    more_news(&app, &member).await;
    let _refused = tick(&other).await;
    assert!(row(&app).await.failed_at.is_some());
    assert_eq!(alarms(&heard(), "zalo_oa_token"), 1);
    take_pairs(&app);

    work(&app).await;
    app.run_relay_of(&other).await;

    assert!(row(&app).await.failed_at.is_none());
    assert_eq!(zalo.sent().len(), 2);
}

#[actix_web::test]
async fn a_new_line_that_somebody_has_begun_is_not_overwritten() {
    let (app, zalo, member) = with_news().await;
    refuse_pairs(&app);
    work(&app).await;
    app.clock.advance(TimeDelta::minutes(5));
    more_news(&app, &member).await;
    let replica = app.replica().await;
    let _refused = tick(&replica).await;
    take_pairs(&app);
    let renewed = app.replica_with(|config| config.zalo.oa_refresh_token = zalo.new_refresh_token().into()).await.app;
    app.run_relay_of(&renewed).await;
    let before = row(&app).await;

    work(&app).await;

    assert_eq!(row(&app).await, before);
    assert!(app.app.held_tokens.get().is_none());
}

#[actix_web::test]
async fn a_process_that_ends_stores_what_it_holds_or_says_what_is_lost() {
    listen();
    let (app, _zalo, _member) = with_news().await;
    refuse_pairs(&app);
    work(&app).await;
    let held = app.app.held_tokens.get().unwrap();
    app.app.stop();

    run(app.app.clone()).await;
    let log = heard();
    assert_eq!(alarms(&log, "zalo_oa_token_lost"), 1, "{log}");
    listen();
    take_pairs(&app);
    run(app.app.clone()).await;

    assert_eq!(alarms(&heard(), "zalo_oa_token_lost"), 0);
    assert_eq!(row(&app).await.refresh_cipher, held.refresh_cipher);
}

#[actix_web::test]
async fn a_pair_is_not_lost_when_whoever_asked_for_it_is_gone() {
    let (app, zalo, _member) = with_news().await;
    zalo.answer_after(std::time::Duration::from_millis(50));
    let asked = async {
        while zalo.calls(Endpoint::OaToken) == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = tick(&app.app) => panic!("it was to die"),
        () = asked => {}
    }
    let has_come = async {
        while app.app.held_tokens.get().is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), has_come).await.unwrap();
    zalo.work_again();

    app.run_relay().await;

    assert_eq!((zalo.sent().len(), zalo.calls(Endpoint::OaToken)), (1, 1));
    assert!(app.app.held_tokens.get().is_none());
}

#[actix_web::test]
async fn a_life_that_no_date_bears_is_cut_and_an_empty_token_is_none() {
    let (app, zalo, _member) = with_news().await;
    let oauth = wiremock::MockServer::start().await;
    let answer = |body| {
        wiremock::Mock::given(wiremock::matchers::any())
            .respond_with(wiremock::ResponseTemplate::new(200).set_body_json(body))
    };
    answer(json!({"access_token": "", "refresh_token": "r", "expires_in": 1})).mount(&oauth).await;
    let replica = app.replica_with(|config| config.zalo.oauth_url = oauth.uri()).await.app;
    app.run_relay_of(&replica).await;
    assert_eq!(zalo.calls(Endpoint::Consultation), 0, "nothing is sent with it");
    oauth.reset().await;
    answer(json!({"access_token": "a", "refresh_token": "r", "expires_in": 9_000_000_000_000_i64})).mount(&oauth).await;
    app.clock.advance(TimeDelta::seconds(20));

    tick(&replica).await.unwrap();

    let life = row(&app).await.access_expires_at - app.clock.now();
    assert_eq!(life, TimeDelta::days(30));
    assert!(zalo.calls(Endpoint::Consultation) > 0);
}

#[actix_web::test]
async fn while_zalo_takes_no_messages_none_loses_a_try() {
    let (app, zalo, member) = with_news().await;
    thidua::relay::provider_tokens::access(&app.app).await.unwrap().unwrap();
    for _ in 0..5 {
        more_news(&app, &member).await;
    }
    zalo.answer_with(503);
    app.run_relay().await;
    let calls = zalo.calls(Endpoint::Consultation);
    more_news(&app, &member).await;
    app.run_relay().await;
    assert_eq!(zalo.calls(Endpoint::Consultation), calls, "it is left alone");
    let tries = app.count("SELECT id FROM delivery WHERE attempt > 1");
    assert_eq!(tries, 0);
    zalo.work_again();
    app.clock.advance(TimeDelta::minutes(10));

    app.run_relay().await;
    app.clock.advance(TimeDelta::seconds(10));
    app.run_relay().await;

    assert_eq!(zalo.sent().len(), 7);
    assert_eq!(app.count("SELECT id FROM delivery WHERE attempt > 2"), 0);
}
