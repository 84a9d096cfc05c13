//! Every error is a problem document, whoever raised it.

use actix_web::http::Method;
use serde_json::json;

use crate::harness::TestApp;

#[actix_web::test]
async fn what_is_not_there_is_a_problem_too() {
    let app = TestApp::start().await;

    app.get("/v1/nothing").await.is_problem(404, "not_found");
    app.get("/v1/campaigns/not-a-uuid").caller(&app.admin).await.is_problem(404, "not_found");
}

#[actix_web::test]
async fn a_wrong_verb_is_told_which_ones_are_right() {
    let app = TestApp::start().await;

    let answer = app.request(Method::PUT, "/v1/campaigns").caller(&app.admin).await;

    answer.is_problem(405, "method_not_allowed");
    assert_eq!(answer.header("allow"), Some("GET, HEAD, POST"));
}

#[actix_web::test]
async fn a_body_that_is_no_json_is_told_where_it_breaks() {
    let app = TestApp::start().await;

    let answer = app.post("/v1/units").caller(&app.admin).body("application/json", "{\"name\": }").await;

    let problem = answer.is_problem(400, "invalid_json");
    assert!(problem["detail"].as_str().unwrap().contains("dòng 1, cột 10"), "{problem}");
}

#[actix_web::test]
async fn a_name_that_stands_twice_in_an_object_is_a_fault_at_its_place() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ").await;
    let twice = r#"{"name": "Một", "kind": "other", "name": "Hai"}"#;
    app.post("/v1/units")
        .caller(&app.admin)
        .body("application/json", twice)
        .await
        .has_faults(&[("/name", "duplicate")]);
    let inside = r#"{"targets": [{"name": "Cây", "unit_of_measure": "cây", "goal": 1, "goal": 2}]}"#;
    let campaign = app.draft_campaign_of(&unit).await;
    let patch = app.patch(format!("/v1/campaigns/{}", campaign.id)).caller(&app.admin);
    patch.body("application/merge-patch+json", inside).await.has_faults(&[("/targets/0/goal", "duplicate")]);
    assert_eq!(app.get("/v1/units").caller(&app.admin).await.expect(200)["items"].as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn a_body_of_another_kind_is_refused() {
    let app = TestApp::start().await;

    let answer = app.post("/v1/units").caller(&app.admin).body("text/xml", "<unit/>").await;
    answer.is_problem(415, "unsupported_media_type");
    let patch = app.patch(format!("/v1/campaigns/{}", uuid::Uuid::now_v7())).caller(&app.admin);
    patch.body("application/merge-patch+json", "{}").await.is_problem(404, "not_found");
}

#[actix_web::test]
async fn a_hundred_faults_are_told_and_that_there_are_more() {
    let app = TestApp::start().await;
    // Two more are missing: `name` and `kind`.
    let send = |count: usize| {
        let fields: serde_json::Map<_, _> = (0..count).map(|number| (format!("field_{number}"), json!(1))).collect();
        app.post("/v1/units").caller(&app.admin).json(fields.into())
    };

    let (all, more) = (send(98).await, send(99).await);

    let (all, more) = (all.is_problem(422, "invalid_input"), more.is_problem(422, "invalid_input"));
    assert_eq!((all["errors"].as_array().unwrap().len(), all.get("more_errors")), (100, None));
    assert_eq!((more["errors"].as_array().unwrap().len(), &more["more_errors"]), (100, &json!(true)));
    assert!(more["detail"].as_str().unwrap().contains("100+"), "{more}");
}

#[actix_web::test]
async fn a_hundred_faults_of_a_query_are_told_and_that_there_are_more() {
    let app = TestApp::start().await;
    let query = (0..101).map(|number| format!("x{number}=1")).collect::<Vec<_>>().join("&");
    for path in ["/v1/units", "/v1/me"] {
        let problem = app.get(format!("{path}?{query}")).caller(&app.admin).await.is_problem(422, "invalid_input");
        assert_eq!((problem["errors"].as_array().unwrap().len(), &problem["more_errors"]), (100, &json!(true)));
    }
}

#[actix_web::test]
async fn a_long_pointer_is_cut() {
    let app = TestApp::start().await;
    let long = "ế".repeat(1000);
    let body = json!({"name": "Đảng bộ", "kind": "other", &long: 1});

    let problem = app.post("/v1/units").caller(&app.admin).json(body).await.is_problem(422, "invalid_input");
    let query = app.get(format!("/v1/units?{}=1", "x".repeat(1000))).caller(&app.admin).await;

    assert_eq!(problem["errors"][0]["pointer"], format!("/{}…", "ế".repeat(84)));
    assert_eq!(query.is_problem(422, "invalid_input")["errors"][0]["parameter"], format!("{}…", "x".repeat(253)));
}

#[actix_web::test]
async fn an_integer_may_be_written_with_a_point_or_an_exponent() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ").await;
    for (number, year) in ["2026.0", "2.026e3", "2026"].into_iter().enumerate() {
        let body = format!(r#"{{"name": "Cụm {number}", "year": {year}, "unit_ids": ["{}"]}}"#, unit.id);
        let made = app.post("/v1/clusters").caller(&app.admin).body("application/json", body).await.expect(201);
        assert_eq!(made["year"], 2026);
    }
    let body = format!(r#"{{"name": "Cụm", "year": 2026.5, "unit_ids": ["{}"]}}"#, unit.id);
    app.post("/v1/clusters")
        .caller(&app.admin)
        .body("application/json", body)
        .await
        .has_faults(&[("/year", "wrong_type")]);
}

#[actix_web::test]
async fn a_body_of_two_megabytes_is_too_large() {
    let app = TestApp::start().await;
    let body = json!({"name": "x".repeat(2 * 1024 * 1024), "kind": "other"});

    app.post("/v1/units").caller(&app.admin).json(body).await.is_problem(413, "body_too_large");
}

#[actix_web::test]
async fn what_the_client_cannot_read_is_not_acceptable() {
    let app = TestApp::start().await;

    let answer = app.get("/v1/units").caller(&app.admin).header("Accept", "image/png").await;
    answer.is_problem(406, "not_acceptable");
}

#[actix_web::test]
async fn what_is_acceptable_is_said_by_media_ranges_with_weights() {
    let app = TestApp::start().await;
    let ask = |url: &str, accept: &str| app.get(url).caller(&app.admin).header("Accept", accept);

    for accept in ["application/json;q=0", "application/jsonlines", "text/*", "*/*;q=0"] {
        ask("/v1/units", accept).await.is_problem(406, "not_acceptable");
    }
    for accept in ["text/html, application/*;q=0.1", "image/*, */*;q=0.2", "application/problem+json", ""] {
        ask("/v1/units", accept).await.expect(200);
    }
    for accept in ["text/csv", "text/*", "*/*;q=0.1"] {
        ask("/v1/exports/units.csv", accept).await.expect_ok();
    }
    let refused = ask("/v1/exports/units.csv", "application/json").await.is_problem(406, "not_acceptable");
    assert!(refused["detail"].as_str().unwrap().contains("text/csv"), "{refused}");
}

#[actix_web::test]
async fn a_word_in_the_place_of_an_id_keeps_its_own_methods() {
    let app = TestApp::start().await;

    for method in [Method::GET, Method::PATCH, Method::DELETE] {
        let answer = app.request(method, "/v1/checkins/batch").caller(&app.admin).json(json!({})).await;
        answer.is_problem(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), Some("POST"));
    }
    app.get("/v1/checkins/no-id").caller(&app.admin).await.is_problem(404, "not_found");
}

#[actix_web::test]
async fn a_body_in_a_coding_is_refused_and_told_to_come_as_it_is() {
    let app = TestApp::start().await;
    let make = |coding: &str| {
        let body = json!({"name": "Đảng bộ", "kind": "other"});
        app.post("/v1/units").caller(&app.admin).header("Content-Encoding", coding).json(body)
    };

    for coding in ["gzip", "br", "zstd", "deflate", "x-gzip", "GZIP", "foo", "gzip, br", "identity, gzip", ""] {
        let answer = make(coding).await;
        answer.is_problem(415, "unsupported_coding");
        assert_eq!(answer.header("accept-encoding"), Some("identity"));
    }
    make("identity").await.expect(201);
    make(" Identity ").await.expect(201);
}

#[actix_web::test]
async fn problems_are_worded_in_the_clients_language() {
    let app = TestApp::start().await;

    let vietnamese = app.get("/v1/nothing").await;
    let english = app.get("/v1/nothing").header("Accept-Language", "en-US,en;q=0.9,vi;q=0.5").await;

    assert_eq!(vietnamese.is_problem(404, "not_found")["title"], "Không tìm thấy");
    assert_eq!(vietnamese.header("content-language"), Some("vi"));
    assert_eq!(english.is_problem(404, "not_found")["title"], "Not found");
    assert_eq!(english.header("content-language"), Some("en"));
}

#[actix_web::test]
async fn the_page_of_a_problem_explains_it_in_both_languages() {
    let app = TestApp::start().await;

    let page = app.get("/problems/checkin_conflict").await;

    assert_eq!(page.status, 200);
    assert!(page.text().contains("Trùng mã báo cáo") && page.text().contains("Check-in conflict"));
    app.get("/problems/no_such_code").await.is_problem(404, "not_found");
}

#[actix_web::test]
async fn no_page_of_a_problem_has_a_blank() {
    let app = TestApp::start().await;

    for code in thidua::kit::problems::codes::Code::ALL {
        let page = app.get(format!("/problems/{}", code.name())).await.text();
        let (_, body) = page.split_once("<body>").unwrap();
        assert!(!body.contains('{'), "{body}");
    }
}

#[actix_web::test]
async fn a_fault_says_what_is_expected() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ").await;
    let body = json!({"display_name": "Nguyễn Thị Mẫu", "home_unit_id": unit.id, "phone": "012 345 6789 0"});

    let answer = app.post("/v1/members").caller(&app.admin).json(body).await;

    answer.has_faults(&[("/phone", "wrong_format")]);
    assert!(answer.text().contains("0912 345 678"), "{}", answer.text());

    let answer = app.get("/v1/units?as_of=10-03-2026").caller(&app.admin).await;
    answer.has_faults(&[("as_of", "wrong_format")]);
    assert!(answer.text().contains("2026-09-02"), "{}", answer.text());
}

#[actix_web::test]
async fn every_fault_of_a_query_is_named_at_once() {
    let app = TestApp::start().await;

    let answer = app.get("/v1/campaigns?limit=101&status=open&colour=red&unit_id=x").caller(&app.admin).await;

    answer.has_faults(&[
        ("limit", "out_of_range"),
        ("status", "not_one_of"),
        ("colour", "unknown_field"),
        ("unit_id", "wrong_format"),
    ]);
    app.get("/v1/campaigns?limit=many").caller(&app.admin).await.has_faults(&[("limit", "wrong_type")]);
    app.get("/v1/campaigns?q=a%00b").caller(&app.admin).await.has_faults(&[("q", "invalid_character")]);
}

#[actix_web::test]
async fn a_forged_token_is_refused_on_public_routes_too() {
    let app = TestApp::start().await;
    let stranger = crate::harness::Person { id: String::new(), token: "eyJhbGciOiJub25lIn0.e30.".into() };

    let answer = app.get("/v1/activities").caller(&stranger).await;

    answer.is_problem(401, "invalid_token");
    assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"thidua\", error=\"invalid_token\""));
}

/// SQLite has one writer: nobody waits for nobody there.
#[actix_web::test]
async fn whoever_loses_a_deadlock_is_asked_to_come_again() {
    use sea_orm::ConnectionTrait as _;
    use thidua::{db::Actor, kit::problems::Problem};
    let app = TestApp::start().await;
    let db = &app.app.db;
    if db.backend() != sea_orm::DbBackend::Postgres {
        return;
    }
    let (one, other) = (
        db.begin(app.clock.now(), Actor::system()).await.unwrap(),
        db.begin(app.clock.now(), Actor::system()).await.unwrap(),
    );
    let lock = |number: i32| format!("SELECT pg_advisory_xact_lock({number})");
    one.execute_unprepared(&lock(1)).await.unwrap();
    other.execute_unprepared(&lock(2)).await.unwrap();

    let (first, second) = futures_util::future::join(one.execute_unprepared(&lock(2)), async {
        let answer = other.execute_unprepared(&lock(1)).await;
        drop(other);
        answer
    })
    .await;

    let lost: Vec<Problem> = [first.err(), second.err()].into_iter().flatten().map(Problem::from).collect();
    assert_eq!(lost.iter().map(|problem| problem.code.status()).collect::<Vec<_>>(), [503]);
}

#[actix_web::test]
async fn an_error_is_not_said_to_be_compressed_when_it_is_not() {
    let app = TestApp::start().await;

    let refused = app.request(Method::OPTIONS, "/v1/campaigns").header("Origin", "https://evil.example");
    let refused = refused.header("Access-Control-Request-Method", "POST").header("Accept-Encoding", "gzip").await;
    let absent = app.get("/v1/nothing").header("Accept-Encoding", "gzip").await;
    let wrong_verb = app.request(Method::PUT, "/v1/campaigns").caller(&app.admin).header("Accept-Encoding", "br").await;

    refused.is_problem(403, "preflight_refused");
    absent.is_problem(404, "not_found");
    wrong_verb.is_problem(405, "method_not_allowed");
    for answer in [refused, absent, wrong_verb] {
        assert_eq!(answer.header("content-encoding"), None);
    }
}

#[actix_web::test]
async fn a_number_beyond_all_is_out_of_range_at_its_place() {
    let app = TestApp::start().await;

    let answer = app.post("/v1/units").caller(&app.admin).body("application/json", r#"{"name": 1e400}"#).await;

    answer.has_faults(&[("/name", "out_of_range")]);
}
