//! `POST /v1/auth/zalo`: what reaches Zalo, and what a Zalo that is slow or down does to everybody else.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::{join, join_all};
use serde_json::json;
use thidua::{config::Config, sandbox::zalo::Endpoint};

use crate::harness::{Answer, Request, TestApp, ZaloStandIn, heard, listen};

/// Behind one proxy, so that a test says where a request comes from.
async fn behind_a_proxy(change: impl FnOnce(&mut Config)) -> (TestApp, ZaloStandIn) {
    TestApp::start_with_zalo_and(|config| {
        config.server.forwarded_hops = 1;
        change(config);
    })
    .await
}

fn sign_in(app: &TestApp, from: &str, token: &str) -> Request {
    app.post("/v1/auth/zalo").header("X-Forwarded-For", from).json(json!({"access_token": token}))
}

/// So many tokens that nobody has, all at once.
async fn flood(app: &TestApp, from: &str, prefix: &str, number: usize) -> Vec<Answer> {
    let tokens: Vec<String> = (0..number).map(|number| format!("{prefix}-{number}")).collect();
    join_all(tokens.iter().map(|token| sign_in(app, from, token).into_future())).await
}

fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

#[actix_web::test]
async fn zalo_is_asked_for_the_token_first_and_for_each_code_once() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let person = zalo.follower();
    let (phone, place) = (zalo.phone_code(person), zalo.location_code(person));
    let calls = || (zalo.calls(Endpoint::Profile), zalo.calls(Endpoint::SharedByCode));
    let sign_in = |body| app.post("/v1/auth/zalo").json(body);

    let forged = json!({"access_token": "forged", "phone_code": phone, "location_code": place});
    sign_in(forged).await.is_problem(401, "zalo_token_refused");
    assert_eq!(calls(), (1, 0), "no code is spent for a token that is none");
    sign_in(json!({"access_token": person.access_token})).await.expect(200);
    assert_eq!(calls(), (2, 0));
    sign_in(json!({"access_token": person.access_token, "phone_code": phone})).await.expect(200);
    assert_eq!(calls(), (3, 1));
    let both =
        json!({"access_token": person.access_token, "phone_code": zalo.phone_code(person), "location_code": place});
    sign_in(both).await.expect(200);
    assert_eq!(calls(), (4, 3));
}

#[actix_web::test]
async fn a_refused_token_a_thousand_times_reaches_zalo_once_a_minute() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let bad = || app.post("/v1/auth/zalo").json(json!({"access_token": "forged"}));

    let at_once = join_all((0..500).map(|_| bad().into_future())).await;
    for _ in 0..500 {
        bad().await.is_problem(401, "zalo_token_refused");
    }

    assert_eq!(zalo.calls(Endpoint::Profile), 1);
    assert!(count(&at_once, 401) > 0);
    assert!(at_once.iter().all(|answer| [401, 429, 503].contains(&answer.status)));
    app.clock.advance(TimeDelta::seconds(61));
    bad().await.is_problem(401, "zalo_token_refused");
    assert_eq!(zalo.calls(Endpoint::Profile), 2);
}

#[actix_web::test]
async fn a_token_that_is_shown_all_the_time_reaches_zalo_twenty_times_a_minute() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let mut statuses = Vec::new();
    for _ in 0..25 {
        statuses.push(sign_in(&app, "203.0.113.1", &zalo.follower().access_token).await.status);
    }

    assert_eq!(zalo.calls(Endpoint::Profile), 20);
    assert_eq!(statuses[19..21], [200, 429]);
    app.clock.advance(TimeDelta::seconds(3));
    sign_in(&app, "203.0.113.1", &zalo.follower().access_token).await.expect(200);
    sign_in(&app, "203.0.113.1", &zalo.other_follower().access_token).await.expect(200);
}

#[actix_web::test]
async fn a_flood_of_invented_tokens_reaches_zalo_at_a_bounded_rate_while_members_sign_in() {
    let (app, zalo) = behind_a_proxy(|config| config.sign_in.refused_tokens_per_address = 10.try_into().unwrap()).await;
    zalo.answer_after(Duration::from_millis(20));
    let members = async {
        let people = [zalo.follower(), zalo.other_follower(), zalo.silent_follower(), zalo.stranger()];
        join_all(people.into_iter().map(|person| sign_in(&app, "198.51.100.7", &person.access_token).into_future()))
            .await
    };

    let (flooded, members) = join(flood(&app, "203.0.113.1", "invented", 400), members).await;

    assert_eq!(count(&members, 200), 4);
    let reached = zalo.calls(Endpoint::Profile) - 4;
    assert!((10..=10 + 16).contains(&reached), "{reached}");
    assert!(flooded.iter().all(|answer| [401, 429, 503].contains(&answer.status)));
    let waiting = sign_in(&app, "203.0.113.1", "one-more").await;
    waiting.is_problem(429, "too_many_requests");
    assert!(waiting.header("retry-after").unwrap().parse::<u64>().unwrap() > 1);
    assert_eq!(zalo.calls(Endpoint::Profile), reached + 4);
    app.clock.advance(TimeDelta::seconds(10));
    assert_eq!(flood(&app, "203.0.113.1", "later", 1).await[0].status, 401);
    assert_eq!(flood(&app, "203.0.113.1", "later-still", 1).await[0].status, 429);
}

#[actix_web::test]
async fn a_flood_from_many_addresses_holds_up_those_that_had_a_token_refused_and_no_others() {
    listen();
    let (app, zalo) = behind_a_proxy(|config| config.sign_in.refused_tokens_in_all = 10.try_into().unwrap()).await;
    let addresses: Vec<String> = (0..10).map(|last| format!("203.0.113.{last}")).collect();
    for address in &addresses {
        assert_eq!(sign_in(&app, address, &format!("invented-at-{address}")).await.status, 401);
    }

    let again = join_all(addresses.iter().map(|address| flood(&app, address, address, 5))).await;

    assert!(again.iter().flatten().all(|answer| answer.status == 429));
    assert_eq!(zalo.calls(Endpoint::Profile), 10);
    sign_in(&app, "198.51.100.7", &zalo.follower().access_token).await.expect(200);
    let log = heard();
    assert_eq!(log.matches("alarm=\"zalo_token_flood\"").count(), 1, "{log}");
}

#[actix_web::test]
async fn an_address_that_members_share_with_somebody_who_invents_tokens_goes_on() {
    let (app, zalo) = behind_a_proxy(|config| config.sign_in.refused_tokens_per_address = 2.try_into().unwrap()).await;
    let people = [zalo.follower(), zalo.other_follower(), zalo.silent_follower(), zalo.stranger()];

    for round in 0..12 {
        assert_eq!(sign_in(&app, "203.0.113.1", &format!("invented-{round}")).await.status, 401);
        sign_in(&app, "203.0.113.1", &people[round % 4].access_token).await.expect(200);
    }
}

#[actix_web::test]
async fn a_queue_that_one_address_fills_has_room_for_another() {
    let (app, zalo) = behind_a_proxy(|config| config.zalo.calls_at_once = 2).await;
    zalo.answer_after(Duration::from_millis(20));

    let member = sign_in(&app, "198.51.100.7", &zalo.follower().access_token).into_future();
    let (flooded, member) = join(flood(&app, "203.0.113.1", "invented", 50), member).await;

    member.expect(200);
    let refused: Vec<_> = flooded.iter().filter(|answer| answer.status == 503).collect();
    assert!(!refused.is_empty());
    for answer in refused {
        answer.is_problem(503, "unavailable");
        assert_eq!(answer.header("retry-after"), Some("5"));
    }
}

#[actix_web::test]
async fn a_zalo_that_does_not_answer_is_left_alone_and_asked_again_by_one() {
    listen();
    let (app, zalo) = TestApp::start_with_zalo().await;
    let try_it = async |number: usize| sign_in(&app, "203.0.113.1", &format!("token-{number}")).await;
    zalo.answer_with(502);
    for number in 0..5 {
        try_it(number).await.is_problem(503, "zalo_unavailable");
    }

    let left_alone = try_it(5).await;

    left_alone.is_problem(503, "zalo_unavailable");
    assert_eq!(left_alone.header("retry-after"), Some("11"));
    assert_eq!(zalo.calls(Endpoint::Profile), 5);
    app.clock.advance(TimeDelta::seconds(10));
    let answers = join_all((10..20).map(&try_it)).await;
    assert_eq!(count(&answers, 503), 10);
    assert_eq!(zalo.calls(Endpoint::Profile), 6, "one has tried");
    zalo.work_again();
    app.clock.advance(TimeDelta::seconds(10));
    sign_in(&app, "203.0.113.1", &zalo.follower().access_token).await.expect(200);
    sign_in(&app, "203.0.113.1", &zalo.other_follower().access_token).await.expect(200);
    let log = heard();
    assert_eq!(log.matches("alarm=\"zalo_circuit_open\"").count(), 1, "{log}");
    assert!(app.get_inside("/metrics").await.text().contains("thidua_zalo_circuit{api=\"graph\"}"));
}

#[actix_web::test]
async fn refused_tokens_are_no_outage() {
    let (app, zalo) = TestApp::start_with_zalo().await;

    let refused = flood(&app, "203.0.113.1", "invented", 20).await;

    assert_eq!(count(&refused, 401), 20);
    sign_in(&app, "203.0.113.1", &zalo.follower().access_token).await.expect(200);
}

#[actix_web::test]
async fn a_slow_zalo_takes_neither_connections_nor_threads_from_anybody() {
    let (app, zalo) = TestApp::start_with_zalo_and(|config| config.zalo.timeout_seconds = 60).await;
    let unit = app.unit("Chi bộ 1").await;
    zalo.answer_after(Duration::from_secs(30));
    let waiting =
        join_all((0..100).map(|number| sign_in(&app, "203.0.113.1", &format!("token-{number}")).into_future()));
    let meanwhile = async {
        while zalo.calls(Endpoint::Profile) < 16 {
            tokio::task::yield_now().await;
        }
        for number in 0..20 {
            app.member_named(&unit, &format!("Đảng viên {number}")).await;
        }
        app.get("/readyz").await.expect_ok();
    };

    tokio::select! {
        _ = waiting => panic!("Zalo has answered"),
        () = meanwhile => {}
    }

    assert_eq!(zalo.calls(Endpoint::Profile), 16, "so many at once");
}

#[actix_web::test]
async fn a_token_that_zalo_never_wrote_is_not_shown_to_it() {
    let (app, zalo) = TestApp::start_with_zalo().await;

    sign_in(&app, "203.0.113.1", "tiếng Việt").await.is_problem(401, "zalo_token_refused");

    assert_eq!(zalo.calls(Endpoint::Profile), 0);
}
