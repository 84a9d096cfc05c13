//! What is the same everywhere: request ids, security headers, limits, CORS, compression.

use actix_web::http::Method;
use serde_json::json;

use crate::harness::TestApp;

#[actix_web::test]
async fn a_request_id_is_taken_over_when_it_is_well_formed_and_made_otherwise() {
    let app = TestApp::start().await;

    let taken = app.get("/healthz").header("X-Request-Id", "phone-42").await;
    let made = app.get("/healthz").header("X-Request-Id", "no spaces, please").await;

    assert_eq!(taken.header("x-request-id"), Some("phone-42"));
    assert!(uuid::Uuid::parse_str(made.header("x-request-id").unwrap()).is_ok());
}

#[actix_web::test]
async fn every_answer_has_its_security_headers() {
    let app = TestApp::start().await;

    for url in ["/healthz", "/v1/nothing"] {
        let answer = app.get(url).await;
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert!(answer.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"));
        assert!(answer.header("strict-transport-security").is_some());
    }
}

#[actix_web::test]
async fn whoever_calls_too_often_is_told_when_to_come_back() {
    let app = TestApp::start_with(|config| config.rate_limit.per_member = 3.try_into().unwrap()).await;
    let admin = app.admin.clone();

    let first = app.get("/v1/me").caller(&admin).await;
    assert_eq!(first.header("ratelimit-policy"), Some("\"member\";q=3;w=60"));
    assert!(first.header("ratelimit").unwrap().starts_with("\"member\";r=2;t="), "{:?}", first.header("ratelimit"));
    app.get("/v1/me").caller(&admin).await.expect(200);
    app.get("/v1/me").caller(&admin).await.expect(200);
    let refused = app.get("/v1/me").caller(&admin).await;

    refused.is_problem(429, "too_many_requests");
    assert!(refused.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
    assert!(refused.header("ratelimit").unwrap().starts_with("\"member\";r=0"));
    app.get("/healthz").await.expect_ok();
}

#[actix_web::test]
async fn strangers_are_counted_by_address() {
    let app = TestApp::start_with(|config| config.rate_limit.per_address = 1.try_into().unwrap()).await;

    app.get("/.well-known/jwks.json").await.expect(200);
    app.get("/.well-known/jwks.json").await.is_problem(429, "too_many_requests");
    app.get("/v1/me").caller(&app.admin).await.expect(200);
}

#[actix_web::test]
async fn behind_a_proxy_the_address_it_wrote_down_is_counted() {
    let app = TestApp::start_with(|config| {
        config.rate_limit.per_address = 1.try_into().unwrap();
        config.server.forwarded_hops = 1;
    })
    .await;
    let from = |address: &str| app.get("/.well-known/jwks.json").header("X-Forwarded-For", address);

    from("203.0.113.1").await.expect(200);
    from("203.0.113.2").await.expect(200);
    // What the client itself wrote stands before what the proxy wrote, and is not believed.
    from("198.51.100.7, 203.0.113.1").await.is_problem(429, "too_many_requests");
}

#[actix_web::test]
async fn a_proxy_may_write_ports_and_what_it_wrote_illegibly_is_no_reason_to_believe_the_client() {
    let app = TestApp::start_with(|config| {
        config.rate_limit.per_address = 1.try_into().unwrap();
        config.server.forwarded_hops = 1;
    })
    .await;
    let from = |address: &str| app.get("/.well-known/jwks.json").header("X-Forwarded-For", address);

    from("203.0.113.1:4711").await.expect(200);
    from("198.51.100.7, 203.0.113.1:4712").await.is_problem(429, "too_many_requests");
    from("[2001:db8:1:2::1]:4711").await.expect(200);
    from("[2001:db8:1:2::2]").await.is_problem(429, "too_many_requests");
    from("2001:db8:1:3::1").await.expect(200);
    // Counted as the proxy's own.
    from("198.51.100.8, unknown").await.expect(200);
    from("198.51.100.9, unknown").await.is_problem(429, "too_many_requests");
    from("198.51.100.9, ").await.is_problem(429, "too_many_requests");
}

#[actix_web::test]
async fn the_mini_apps_web_view_may_call_and_a_foreign_page_may_not() {
    let app = TestApp::start().await;
    let preflight = |origin: &str| {
        app.request(Method::OPTIONS, "/v1/campaigns")
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "POST")
            .header("Access-Control-Request-Headers", "authorization,idempotency-key")
    };

    for origin in ["https://h5.zdn.vn", "zbrowser://h5.zdn.vn"] {
        let answer = preflight(origin).await;
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        assert!(answer.header("access-control-allow-headers").unwrap().to_lowercase().contains("idempotency-key"));
    }
    assert_eq!(preflight("https://evil.example").await.header("access-control-allow-origin"), None);
    let answer = app.get("/healthz").header("Origin", "https://h5.zdn.vn").await;
    assert!(answer.header("access-control-expose-headers").unwrap().to_lowercase().contains("etag"));
}

#[actix_web::test]
async fn answers_are_compressed_as_the_client_asks() {
    let app = TestApp::start().await;

    for encoding in ["br", "gzip"] {
        let answer = app.get("/openapi.json").header("Accept-Encoding", encoding).await;
        assert_eq!(answer.header("content-encoding"), Some(encoding));
    }
    assert_eq!(app.get("/openapi.json").await.header("content-encoding"), None);
}

#[actix_web::test]
async fn each_coding_of_an_answer_has_a_tag_of_its_own_by_which_it_is_known_again() {
    let app = TestApp::start().await;
    let mut tags = std::collections::HashSet::new();

    for encoding in ["identity", "br", "gzip"] {
        for url in ["/openapi.json", "/v1/activities", "/v1/units"] {
            let get = || app.get(url).caller(&app.admin).header("Accept-Encoding", encoding);
            let first = get().await;
            let tag = first.header("etag").unwrap().to_owned();
            assert!(tags.insert(format!("{url} {tag}")), "{url} {encoding} {tag}");
            let again = get().header("If-None-Match", &tag).await;
            assert_eq!((again.status, again.header("etag")), (304, Some(tag.as_str())), "{url} {encoding}");
        }
    }
}

#[actix_web::test]
async fn what_is_worded_by_language_says_so() {
    let app = TestApp::start().await;

    let answer = app.get("/v1/notifications").caller(&app.admin).header("Accept-Language", "en").await;

    let vary: Vec<_> = answer.headers.get_all("vary").map(|value| value.to_str().unwrap().to_lowercase()).collect();
    assert!(vary.iter().any(|names| names.contains("accept-language")), "{vary:?}");
    assert_eq!(answer.header("content-language"), Some("en"));
}

#[actix_web::test]
async fn a_verb_that_somebody_made_up_is_no_series_of_its_own() {
    let app = TestApp::start().await;

    app.request(Method::from_bytes(b"BREW").unwrap(), "/v1/units").await;

    let figures = app.get_inside("/metrics").await.text();
    assert!(!figures.contains("BREW") && figures.contains("method=\"other\""), "{figures}");
}

#[actix_web::test]
async fn a_title_is_kept_on_one_line_and_an_article_on_its_own() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng\u{A0}bộ  Mẫu\r\n").await;
    let body = json!({"kind": "news", "unit_id": unit.id, "title": "\u{FEFF}Ra  qua\u{302}n\r\n👩\u{200D}🌾\u{202E}",
        "body_markdown": "Một\r\n\r\n- hai  \r\n", "tags": ["\tcây\u{A0}xanh"]});

    let made = app.post("/v1/activities").caller(&app.admin).json(body).await.expect(201);

    assert_eq!(made["unit"]["name"], "Đảng bộ Mẫu");
    assert_eq!(made["title"], "Ra quân 👩\u{200D}🌾");
    assert_eq!(made["body_markdown"], "Một\n\n- hai");
    assert_eq!(made["tags"], json!(["cây xanh"]));
}

#[actix_web::test]
async fn pages_for_people_pass_over_parameters_that_they_do_not_know() {
    let app = TestApp::start().await;

    app.get("/swagger-ui/?lang=vi").await.expect_ok();
    app.get("/openapi.json?v=1&v=2").await.expect_ok();
}

#[actix_web::test]
async fn the_files_of_swagger_ui_are_compressed_once_and_known_by_their_tags() {
    let app = TestApp::start().await;
    let script = || app.get("/swagger-ui/swagger-ui-bundle.js").header("accept-encoding", "gzip");

    let first = script().await;

    first.expect_ok();
    assert_eq!(first.header("content-encoding"), Some("gzip"));
    assert_eq!(first.header("cache-control"), Some("public, no-cache"));
    assert_eq!(first.header("content-type"), Some("text/javascript"));
    script().header("if-none-match", first.header("etag").unwrap()).await.expect(304);
    app.get("/swagger-ui/nothing.js").await.is_problem(404, "not_found");
}

#[actix_web::test]
async fn a_head_request_gets_what_a_get_would_have() {
    let app = TestApp::start().await;

    let head = app.request(Method::HEAD, "/.well-known/jwks.json").await;

    assert_eq!(head.status, 200);
    assert!(head.header("etag").is_some());
}

#[actix_web::test]
async fn an_idempotency_key_that_is_none_is_refused() {
    let app = TestApp::start().await;

    let answer = app
        .post("/v1/units")
        .caller(&app.admin)
        .header("Idempotency-Key", &"x".repeat(256))
        .json(json!({"name": "Đơn vị", "kind": "other"}))
        .await;
    answer.is_problem(400, "invalid_idempotency_key");
}
