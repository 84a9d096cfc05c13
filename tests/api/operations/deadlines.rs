//! A request that something holds up: it is given up in time, and nothing of it stays.

use std::time::{Duration, Instant};

use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection};
use serde_json::json;

use crate::harness::TestApp;

/// A lock that somebody else holds on what changes need.
struct Lock(DatabaseConnection);

impl Lock {
    async fn take(app: &TestApp) -> Self {
        let connection = Database::connect(ConnectOptions::new(app.database_url()).max_connections(1).to_owned()).await;
        let connection = connection.unwrap();
        let statements: &[&str] = match app.database_file() {
            Some(_) => &["BEGIN IMMEDIATE"],
            // The unit is written before its row of the audit log.
            None => &["BEGIN", "LOCK TABLE audit_row IN ACCESS EXCLUSIVE MODE"],
        };
        for statement in statements {
            connection.execute_unprepared(statement).await.unwrap();
        }
        Self(connection)
    }

    async fn give_back(self) {
        self.0.execute_unprepared("ROLLBACK").await.unwrap();
        self.0.close().await.unwrap();
    }
}

fn units(app: &TestApp) -> usize {
    app.count("SELECT id FROM unit")
}

#[actix_web::test]
async fn a_change_that_a_lock_holds_up_is_a_503_in_time_and_is_rolled_back() {
    let app = TestApp::start_with(|config| config.server.request_seconds = 1).await;
    let before = units(&app);
    let body = json!({"name": "Đảng bộ Một", "kind": "party_committee", "valid_from": "2020-01-01"});
    let make = || {
        let request = app.post("/v1/units").caller(&app.admin).header("Idempotency-Key", "one");
        request.header("Origin", "https://h5.zdn.vn").json(body.clone())
    };
    app.get("/v1/me").caller(&app.admin).await.expect(200);
    let lock = Lock::take(&app).await;

    let begun = Instant::now();
    let answer = make().await;

    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    answer.is_problem(503, "unavailable");
    assert!(answer.header("retry-after").is_some());
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://h5.zdn.vn"));
    lock.give_back().await;
    assert_eq!(units(&app), before);
    make().await.expect(201);
    assert_eq!(units(&app), before + 1);
    let figures = app.get_inside("/metrics").await.text();
    let line = "http_request_duration_seconds_count{method=\"POST\",route=\"/v1/units\",status=\"5xx\"}";
    assert!(figures.contains(line), "{figures}");
}

#[actix_web::test]
async fn behind_a_proxy_one_address_has_so_many_requests_under_way_and_others_go_on() {
    let app = TestApp::start_with(|config| {
        config.server.request_seconds = 2;
        config.server.forwarded_hops = 1;
        config.server.max_connections_per_address = 1;
    })
    .await;
    let lock = Lock::take(&app).await;
    let body = json!({"name": "Đảng bộ Một", "kind": "party_committee", "valid_from": "2020-01-01"});
    let held = app.post("/v1/units").caller(&app.admin).header("X-Forwarded-For", "203.0.113.1").json(body);
    let others = async {
        // The first is under way by then: it is polled first, and nothing before the lock waits for anybody.
        let same = app.get("/v1/activities").header("X-Forwarded-For", "203.0.113.1").await;
        let other = app.get("/v1/activities").header("X-Forwarded-For", "203.0.113.2").await;
        (same, other)
    };
    app.get("/v1/me").caller(&app.admin).header("X-Forwarded-For", "203.0.113.1").await.expect(200);

    let (held, (same, other)) = futures_util::future::join(held.into_future(), others).await;

    held.is_problem(503, "unavailable");
    same.is_problem(429, "too_many_requests");
    assert_eq!(same.header("retry-after"), Some("1"));
    assert!(same.header("ratelimit").is_some());
    other.expect_ok();
    lock.give_back().await;
    app.get("/v1/activities").header("X-Forwarded-For", "203.0.113.1").await.expect_ok();
}
