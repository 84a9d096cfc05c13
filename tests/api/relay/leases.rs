//! Leases of deliveries: short, renewed by a living worker, and none of a dead one's.

use std::time::Duration;

use chrono::TimeDelta;
use sea_orm::EntityTrait as _;
use serde_json::json;
use thidua::{entity::delivery, outbox::Event, relay::worker::tick, sandbox::zalo::Endpoint};

use crate::harness::{TestApp, ZaloStandIn, has_heard, listen};

/// More than are sent at the same time.
const MESSAGES: u64 = 12;
const AT_ONCE: u64 = 10;

/// So many messages for a follower of the Official Account, which takes so long for each, and a token to send them with.
async fn with_messages(count: u64, timeout_seconds: u64, delay: Duration) -> (TestApp, ZaloStandIn) {
    let (app, zalo) = TestApp::start_with_zalo_and(|config| config.zalo.timeout_seconds = timeout_seconds).await;
    let unit = app.unit("Chi bộ 1").await;
    let member = app.zalo_member_of(&unit, zalo.follower()).await;
    app.run_relay().await;
    for _ in 0..count {
        let checkin = app.checkin_row(&unit, &member).await;
        app.record(Event::CheckinVerified { checkin_id: checkin.id, decision_id: None }).await;
    }
    thidua::relay::provider_tokens::access(&app.app).await.unwrap().unwrap();
    zalo.answer_after(delay);
    (app, zalo)
}

async fn until_asked(zalo: &ZaloStandIn, times: u64) {
    while zalo.calls(Endpoint::Consultation) < times {
        tokio::task::yield_now().await;
    }
}

fn sending(app: &TestApp) -> usize {
    app.count("SELECT id FROM delivery WHERE status = 'sending'")
}

fn delivered(app: &TestApp) -> usize {
    app.count("SELECT id FROM delivery WHERE status = 'delivered'")
}

/// Begins to send, and is dropped in the middle, like a process that was killed.
async fn die_sending(app: &TestApp, zalo: &ZaloStandIn) {
    tokio::select! {
        _ = tick(&app.app) => panic!("it was to die"),
        () = until_asked(zalo, 1) => {}
    }
    zalo.work_again();
}

#[actix_web::test]
async fn another_worker_goes_on_within_fifteen_seconds_of_a_death() {
    let (app, zalo) = with_messages(1, 5, Duration::from_secs(30)).await;
    let other = app.replica().await;
    die_sending(&app, &zalo).await;

    app.clock.advance(TimeDelta::seconds(11));
    assert!(tick(&other).await.unwrap().is_idle(), "a request that was begun may still be under way");
    app.clock.advance(TimeDelta::seconds(2));
    let done = tick(&other).await.unwrap();

    assert_eq!((done.sent, zalo.sent().len()), (1, 1));
}

#[actix_web::test]
async fn a_lease_follows_the_timeout_of_a_request() {
    let (app, zalo) = with_messages(1, 600, Duration::from_secs(30)).await;
    let other = app.replica().await;
    die_sending(&app, &zalo).await;

    app.clock.advance(TimeDelta::seconds(605));
    assert!(tick(&other).await.unwrap().is_idle(), "a request that was begun may still be under way");
    app.clock.advance(TimeDelta::seconds(10));

    assert_eq!(tick(&other).await.unwrap().sent, 1);
}

#[actix_web::test]
async fn a_slow_worker_that_lives_keeps_its_batch() {
    let (app, zalo) = with_messages(MESSAGES, 5, Duration::from_millis(1_500)).await;
    let other = app.replica().await;
    let meanwhile = async {
        until_asked(&zalo, AT_ONCE).await;
        // Too little of the lease is left for another request: it is renewed before the next one begins.
        app.clock.advance(TimeDelta::seconds(8));
        until_asked(&zalo, MESSAGES).await;
        app.clock.advance(TimeDelta::seconds(8));
        assert!(tick(&other).await.unwrap().is_idle(), "it was taken away");
    };

    let (done, ()) = tokio::join!(tick(&app.app), meanwhile);

    assert_eq!(done.unwrap().sent, usize::try_from(MESSAGES).unwrap());
    assert_eq!(zalo.calls(Endpoint::Consultation), MESSAGES);
}

#[actix_web::test]
async fn a_lease_is_renewed_while_a_request_is_under_way() {
    let (app, zalo) = with_messages(1, 5, Duration::from_secs(30)).await;
    let leases = async || {
        let all = delivery::Entity::find().all(app.app.db.reads()).await.unwrap();
        all.into_iter().filter_map(|one| one.lease_until).collect::<Vec<_>>()
    };
    let renewed = async {
        until_asked(&zalo, 1).await;
        let first = leases().await;
        app.clock.advance(TimeDelta::seconds(4));
        while leases().await == first {
            tokio::task::yield_now().await;
        }
    };

    tokio::select! {
        _ = tick(&app.app) => panic!("it was not renewed"),
        () = renewed => {}
    }

    assert_eq!(leases().await, [app.clock.now() + TimeDelta::seconds(12)]);
    zalo.work_again();
    app.clock.advance(TimeDelta::minutes(2));
    app.run_relay().await;
    assert_eq!(delivered(&app), 1);
}

#[actix_web::test]
async fn a_worker_whose_batch_was_taken_over_sends_none_of_the_rest() {
    let (app, zalo) = with_messages(MESSAGES, 5, Duration::from_millis(1_000)).await;
    let other = app.replica().await;
    let overtake = async {
        until_asked(&zalo, AT_ONCE).await;
        // As if the first worker had stood still for so long.
        app.clock.advance(TimeDelta::seconds(13));
        tick(&other).await.unwrap()
    };

    let (overtaken, done) = tokio::join!(tick(&app.app), overtake);

    assert_eq!(done.sent, usize::try_from(MESSAGES).unwrap());
    assert_eq!(overtaken.unwrap().sent, 0, "what it sent counts only with its lease");
    assert_eq!(zalo.calls(Endpoint::Consultation), AT_ONCE + MESSAGES);
    assert_eq!((sending(&app), delivered(&app)), (0, usize::try_from(MESSAGES).unwrap()));
    assert_eq!(app.count("SELECT attempt FROM delivery_attempt WHERE attempt = 2"), usize::try_from(MESSAGES).unwrap());
}

#[actix_web::test]
async fn a_worker_that_is_asked_to_stop_gives_back_what_it_has_not_begun() {
    let (app, zalo) = with_messages(MESSAGES, 5, Duration::from_millis(500)).await;
    let stop = async {
        until_asked(&zalo, AT_ONCE).await;
        app.app.stop();
    };

    let (done, ()) = tokio::join!(tick(&app.app), stop);

    assert_eq!(done.unwrap().sent, usize::try_from(AT_ONCE).unwrap());
    assert_eq!(app.count("SELECT id FROM delivery WHERE status = 'pending' AND attempt = 0"), 2);
    zalo.work_again();
    let other = app.replica().await;
    app.run_relay_of(&other).await;
    assert_eq!(delivered(&app), usize::try_from(MESSAGES).unwrap());
}

#[actix_web::test]
async fn a_delivery_that_ends_one_worker_after_another_is_given_up() {
    let (app, zalo) = with_messages(2, 5, Duration::from_secs(30)).await;
    die_sending(&app, &zalo).await;
    // It has been taken over as often as a delivery is tried.
    app.execute("UPDATE delivery SET attempt = 8 WHERE id = (SELECT id FROM delivery ORDER BY id LIMIT 1)");
    app.clock.advance(TimeDelta::seconds(13));

    let done = tick(&app.app).await.unwrap();

    assert_eq!((done.dead, done.sent), (1, 1));
    let dead = app.get("/v1/deliveries?status=dead").caller(&app.admin).await.expect(200);
    assert_eq!(dead["items"][0]["reason"], json!("too_many_attempts"));
}

#[actix_web::test]
async fn what_has_gone_out_is_written_down_when_the_database_is_back_and_not_sent_again() {
    let (app, zalo) = with_messages(1, 5, Duration::from_millis(300)).await;
    listen();
    let meanwhile = async {
        until_asked(&zalo, 1).await;
        app.execute("ALTER TABLE delivery RENAME TO delivery_away");
        while !has_heard("an outcome is still to be written down") {
            tokio::task::yield_now().await;
        }
        app.execute("ALTER TABLE delivery_away RENAME TO delivery");
    };

    let (done, ()) = tokio::join!(tick(&app.app), meanwhile);

    assert_eq!((done.unwrap().sent, delivered(&app), zalo.calls(Endpoint::Consultation)), (1, 1, 1));
}

#[actix_web::test]
async fn what_could_not_be_prepared_is_given_back_and_was_no_attempt() {
    let (app, zalo) = with_messages(1, 5, Duration::from_secs(30)).await;
    die_sending(&app, &zalo).await;
    app.clock.advance(TimeDelta::seconds(13));
    app.execute("ALTER TABLE consent RENAME TO consent_away");

    tick(&app.app).await.unwrap_err();

    assert_eq!(app.count("SELECT id FROM delivery WHERE status = 'pending' AND attempt = 1"), 1);
    app.execute("ALTER TABLE consent_away RENAME TO consent");
    app.clock.advance(TimeDelta::seconds(11));
    assert_eq!((tick(&app.app).await.unwrap().sent, zalo.sent().len()), (1, 1));
}
