//! The relay at work.

use chrono::TimeDelta;
use sea_orm::{ActiveValue::Set, EntityTrait as _};
use serde_json::json;
use thidua::{
    config::Config,
    db::dialect,
    entity,
    kit::values::{EventId, MemberId, SessionId},
    outbox::Event,
    relay::worker::{Tick, run, tick},
    sandbox::zalo::Endpoint,
};

use crate::harness::{Person, TestApp, ZaloStandIn, heard, listen};

/// A member who follows the Official Account, and news for them.
async fn with_news() -> (TestApp, ZaloStandIn, Person) {
    with_news_and(|_| {}).await
}

/// The same with other settings.
async fn with_news_and(change: impl FnOnce(&mut Config)) -> (TestApp, ZaloStandIn, Person) {
    let (app, zalo) = TestApp::start_with_zalo_and(change).await;
    let unit = app.unit("Chi bộ 1").await;
    let member = app.zalo_member_of(&unit, zalo.follower()).await;
    app.run_relay().await;
    let checkin = app.checkin_row(&unit, &member).await;
    app.record(Event::CheckinVerified { checkin_id: checkin.id, decision_id: None }).await;
    (app, zalo, member)
}

async fn more_news(app: &TestApp, member: &Person) {
    let unit = app.unit("Chi bộ khác").await;
    let checkin = app.checkin_row(&unit, member).await;
    app.record(Event::CheckinVerified { checkin_id: checkin.id, decision_id: None }).await;
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
    app.record(Event::CheckinVerified { checkin_id: later.id, decision_id: None }).await;

    app.run_relay().await;

    assert_eq!(zalo.calls(Endpoint::OaToken), 2);
    assert_eq!(zalo.calls(Endpoint::Consultation), 2);
}

#[actix_web::test]
async fn without_a_token_messages_wait_zalo_is_not_asked_again_and_again_and_an_alarm_is_raised() {
    listen();
    let (app, zalo) = TestApp::start_with_zalo_and(|config| config.zalo.oa_refresh_token = "a spent one".into()).await;
    let unit = app.unit("Chi bộ 1").await;
    let member = app.zalo_member_of(&unit, zalo.follower()).await;
    let checkin = app.checkin_row(&unit, &member).await;
    app.record(Event::CheckinVerified { checkin_id: checkin.id, decision_id: None }).await;

    app.run_relay().await;
    app.clock.advance(TimeDelta::days(1));
    app.run_relay().await;

    assert_eq!(zalo.calls(Endpoint::OaToken), 1);
    assert_eq!(zalo.calls(Endpoint::Consultation), 0);
    assert_eq!(statuses(&app).await, ["pending"]);
    let log = heard();
    assert_eq!(log.matches("alarm=\"zalo_oa_token\"").count(), 1, "{log}");
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
async fn a_renewal_whose_answer_was_lost_is_tried_again() {
    let (app, zalo, _member) = with_news().await;
    zalo.answer_with(504);
    app.run_relay().await;
    zalo.work_again();
    app.clock.advance(TimeDelta::minutes(1));

    app.run_relay().await;

    assert_eq!(statuses(&app).await, ["delivered"]);
    assert_eq!(zalo.calls(Endpoint::OaToken), 2);
}

#[actix_web::test]
async fn an_error_number_on_the_dial_leaves_the_tokens_alone() {
    let (app, zalo, _member) = with_news().await;
    zalo.refuse_with(-216);
    app.run_relay().await;
    assert_eq!(statuses(&app).await, ["failed"]);
    zalo.work_again();
    app.clock.advance(TimeDelta::minutes(20));

    app.run_relay().await;

    assert_eq!(statuses(&app).await, ["delivered"]);
}

#[actix_web::test]
async fn after_a_refusal_a_new_refresh_token_begins_anew() {
    let (app, zalo) = TestApp::start_with_zalo_and(|config| config.zalo.oa_refresh_token = "a spent one".into()).await;
    let member = app.zalo_member_of(&app.unit("Chi bộ 1").await, zalo.follower()).await;
    more_news(&app, &member).await;
    app.run_relay().await;
    assert_eq!(statuses(&app).await, ["pending"]);

    let restarted = app.replica_with(|config| config.zalo.oa_refresh_token = zalo.new_refresh_token().into()).await.app;
    app.run_relay_of(&restarted).await;

    assert_eq!(statuses(&app).await, ["delivered"]);
    assert_ne!(zalo.new_refresh_token(), zalo.new_refresh_token());
}

#[actix_web::test]
async fn a_recipient_who_cannot_be_read_holds_up_nobody_else() {
    let (app, zalo, _member) = with_news().await;
    let other = app.zalo_member_of(&app.unit("Chi bộ 2").await, zalo.other_follower()).await;
    more_news(&app, &other).await;
    let id = other.id.replace('-', "");
    app.execute(match app.app.db.backend() {
        sea_orm::DbBackend::Sqlite => {
            format!("UPDATE zalo_identity SET oa_user_cipher = 'x' WHERE member_id = x'{id}'")
        }
        _ => format!("UPDATE zalo_identity SET oa_user_cipher = 'x' WHERE member_id = '{id}'"),
    });

    app.run_relay().await;

    assert_eq!(zalo.sent().len(), 1);
    let page = app.get("/v1/deliveries?status=dead").caller(&app.admin).await.expect(200);
    assert_eq!(page["items"][0]["reason"], "unreadable_recipient");
    assert_eq!(statuses(&app).await.iter().filter(|status| *status == "delivered").count(), 1);
}

#[actix_web::test]
async fn an_event_of_another_build_holds_up_nobody_else() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ 1").await;
    app.run_relay().await;
    app.app
        .change_as(thidua::db::Actor::system(), async |tx| {
            let row = thidua::entity::outbox_event::ActiveModel {
                id: Set(EventId::new()),
                kind: Set("moon.landed".to_owned()),
                payload: Set(json!({"type": "moon.landed"})),
                subject_id: Set(uuid::Uuid::nil()),
                recorded_at: Set(tx.now() - TimeDelta::hours(1)),
                position: Set(None),
                attempt: Set(0),
                retry_at: Set(None),
            };
            thidua::entity::outbox_event::Entity::insert(row).exec_without_returning(tx).await?;
            Ok(())
        })
        .await
        .unwrap();
    let manager = app.manager_of(&unit).await;

    app.run_relay().await;

    assert_eq!(app.inbox_of(&manager).await.len(), 1);
    assert_eq!(app.count("SELECT id FROM outbox_event WHERE position IS NULL"), 0);
}

#[actix_web::test]
async fn what_a_dead_worker_held_is_delivered_by_another_when_its_lease_has_run_out() {
    let (app, zalo, _member) = with_news().await;
    thidua::relay::provider_tokens::access(&app.app).await.unwrap().unwrap();
    let other = app.replica().await;
    zalo.answer_after(std::time::Duration::from_secs(30));
    let asked = async {
        while zalo.calls(Endpoint::Consultation) == 0 {
            tokio::task::yield_now().await;
        }
    };
    // Dropped in the middle of sending, like a process that was killed.
    tokio::select! {
        _ = tick(&app.app) => panic!("it was to die"),
        () = asked => {}
    }
    zalo.work_again();
    assert!(tick(&other).await.unwrap().is_idle(), "the lease still runs");
    assert_eq!(statuses(&app).await, ["sending"]);

    app.clock.advance(TimeDelta::seconds(13));
    let done = tick(&other).await.unwrap();

    assert_eq!((done.sent, zalo.sent().len()), (1, 1));
    let page = app.get("/v1/deliveries").caller(&app.sign_in(&app.admin.id).await).await.expect(200);
    let attempts = page["items"][0]["attempts"].as_array().unwrap();
    assert_eq!((attempts.len(), &attempts[0]["attempt"]), (1, &json!(2)));
}

#[actix_web::test]
async fn a_channel_that_takes_its_time_keeps_nobody_waiting_for_their_inbox() {
    let (app, zalo, member) = with_news_and(|config| config.zalo.timeout_seconds = 30).await;
    thidua::relay::provider_tokens::access(&app.app).await.unwrap().unwrap();
    zalo.answer_after(std::time::Duration::from_secs(30));
    let meanwhile = async {
        while zalo.calls(Endpoint::Consultation) == 0 {
            tokio::task::yield_now().await;
        }
        app.clock.advance(TimeDelta::seconds(1));
        more_news(&app, &member).await;
        while entity::inbox_row::Entity::find().all(app.app.db.reads()).await.unwrap().len() < 2 {}
    };

    tokio::select! {
        () = run(app.app.clone()) => panic!("nobody has stopped it"),
        () = meanwhile => {}
    }

    assert_eq!(statuses(&app).await, ["pending", "sending"], "the first one is on its way still");
    assert_eq!(app.inbox_of(&member).await.len(), 2);
    zalo.work_again();
    app.clock.advance(TimeDelta::minutes(10));
    app.run_relay().await;
    assert_eq!(statuses(&app).await, ["delivered"; 2]);
}

#[actix_web::test]
async fn what_has_had_its_time_is_left_to_whoever_is_at_it() {
    let app = TestApp::start().await;
    if app.app.db.backend() == sea_orm::DbBackend::Sqlite {
        return;
    }
    let add = async |tx: &thidua::db::Tx| {
        let old = kept_answer(&app, 1, TimeDelta::hours(-1));
        entity::idempotency_key::Entity::insert(old).exec_without_returning(tx).await?;
        Ok(())
    };
    app.app.change_as(thidua::db::Actor::system(), add).await.unwrap();
    let delete_beside = async |tx: &thidua::db::Tx| {
        dialect::lock_until_commit(tx, dialect::HOUSEKEEPING_LOCK).await?;
        thidua::relay::housekeeping::delete_old(&app.app).await;
        Ok(())
    };

    app.app.change_as(thidua::db::Actor::system(), delete_beside).await.unwrap();
    assert_eq!(app.count("SELECT key FROM idempotency_key"), 1);
    thidua::relay::housekeeping::delete_old(&app.app).await;

    assert_eq!(app.count("SELECT key FROM idempotency_key"), 0);
}

#[actix_web::test]
async fn what_has_had_its_time_goes_in_batches_and_the_rest_stays() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let sign_in = json!({"access_token": zalo.follower().access_token});
    app.post("/v1/auth/zalo").json(sign_in.clone()).await.expect(200);
    app.clock.advance(TimeDelta::days(31));
    app.post("/v1/auth/zalo").json(sign_in).await.expect(200);
    let old = (0..2_500).map(|number| kept_answer(&app, number, TimeDelta::hours(-1)));
    let keys: Vec<_> = old.chain([kept_answer(&app, 9_999, TimeDelta::hours(1))]).collect();
    app.app
        .change_as(thidua::db::Actor::system(), async |tx| {
            for part in keys.chunks(500) {
                let rows = part.iter().cloned();
                thidua::entity::idempotency_key::Entity::insert_many(rows).exec_without_returning(tx).await?;
            }
            Ok(())
        })
        .await
        .unwrap();

    thidua::relay::housekeeping::delete_old(&app.app).await;

    assert_eq!(app.count("SELECT key FROM idempotency_key"), 1);
    assert_eq!(app.count("SELECT token_hash FROM refresh_token"), 1);
}

#[actix_web::test]
async fn a_session_goes_a_month_after_its_end_unless_a_token_is_left_of_it() {
    let app = TestApp::start().await;
    let now = app.clock.now();
    let days = TimeDelta::days;
    // When it expired, when it was revoked, whether a token is left, and whether it stays.
    let rows = [
        (now - days(30), None, false, false),
        (now - days(29), None, false, true),
        (now, Some(now - days(30)), false, false),
        (now - days(1), Some(now - days(29)), false, true),
        (now + days(1), None, false, true),
        (now - days(40), None, true, true),
        (now - days(40), Some(now - days(40)), true, true),
    ];
    let member = MemberId(app.admin.id.parse().unwrap());
    let ids = rows.map(|_| SessionId::new());
    let add = async |tx: &thidua::db::Tx| {
        for (id, (expires_at, revoked_at, has_token, _)) in ids.into_iter().zip(rows) {
            let session = entity::session::ActiveModel {
                id: Set(id),
                member_id: Set(member),
                client_id: Set("mini-app".to_owned()),
                device: Set(None),
                created_at: Set(now - days(60)),
                last_used_at: Set(now - days(60)),
                expires_at: Set(expires_at),
                revoked_at: Set(revoked_at),
            };
            entity::session::Entity::insert(session).exec_without_returning(tx).await?;
            if has_token && revoked_at.is_none() {
                let token = entity::refresh_token::ActiveModel {
                    token_hash: Set(id.to_string()),
                    session_id: Set(id),
                    issued_at: Set(now),
                    expires_at: Set(now + days(1)),
                    used_at: Set(None),
                };
                entity::refresh_token::Entity::insert(token).exec_without_returning(tx).await?;
            } else if has_token {
                let code = entity::authorization_code::ActiveModel {
                    code_hash: Set(id.to_string()),
                    client_id: Set("swagger-ui".to_owned()),
                    member_id: Set(member),
                    redirect_uri: Set(String::new()),
                    code_challenge: Set(String::new()),
                    expires_at: Set(now),
                    used_at: Set(Some(now)),
                    session_id: Set(Some(id)),
                };
                entity::authorization_code::Entity::insert(code).exec_without_returning(tx).await?;
            }
        }
        Ok(())
    };
    app.app.change_as(thidua::db::Actor::system(), add).await.unwrap();

    thidua::relay::housekeeping::delete_old(&app.app).await;

    let left = entity::session::Entity::find().all(app.app.db.reads()).await.unwrap();
    for (id, row) in ids.iter().zip(rows) {
        assert_eq!(left.iter().any(|session| session.id == *id), row.3, "{row:?}");
    }
    app.get("/v1/me").caller(&app.admin).await.expect(200);
}

fn kept_answer(app: &TestApp, number: u32, ends: TimeDelta) -> thidua::entity::idempotency_key::ActiveModel {
    thidua::entity::idempotency_key::ActiveModel {
        caller: Set("anonymous".to_owned()),
        operation: Set("POST /v1/units".to_owned()),
        key: Set(number.to_string()),
        fingerprint: Set(String::new()),
        status: Set(201),
        headers: Set(json!([])),
        body: Set(Vec::new()),
        created_at: Set(app.clock.now()),
        expires_at: Set(app.clock.now() + ends),
    }
}

/// On SQLite there are no other replicas to hear.
#[actix_web::test]
async fn what_another_replica_changes_is_heard_here() {
    let app = TestApp::start().await;
    if app.app.db.backend() == sea_orm::DbBackend::Sqlite {
        return;
    }
    let other = app.replica().await;
    let attending = actix_web::rt::spawn(thidua::relay::replicas::attend(other.clone()));
    let heard = || tokio::time::timeout(std::time::Duration::from_secs(30), other.bell.notified());
    heard().await.expect("it never began to listen");
    let page = async { thidua::app::CachedPage::new(b"{}".to_vec(), None) };
    other.pages.make("/a", "a", page).await.unwrap();
    assert!(other.pages.at("/a").await.is_some());

    let change = async |tx: &thidua::db::Tx| {
        tx.after_commit(thidua::db::Effect::ForgetPages);
        tx.after_commit(thidua::db::Effect::WakeRelay);
        Ok(())
    };
    app.app.change_as(thidua::db::Actor::system(), change).await.unwrap();

    heard().await.expect("it heard nothing");
    assert!(other.pages.at("/a").await.is_none());
    attending.abort();
    let _aborted = attending.await;
}

#[actix_web::test]
async fn a_worker_stops_when_the_server_does() {
    let app = TestApp::start().await;

    let work = thidua::relay::worker::run(app.app.clone());
    let stop = async { app.app.stop() };

    tokio::join!(work, stop);
}
