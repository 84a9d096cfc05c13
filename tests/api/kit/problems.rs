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
async fn a_body_of_another_kind_is_refused() {
    let app = TestApp::start().await;

    let answer = app.post("/v1/units").caller(&app.admin).body("text/xml", "<unit/>").await;
    answer.is_problem(415, "unsupported_media_type");
    let patch = app.patch(format!("/v1/campaigns/{}", uuid::Uuid::now_v7())).caller(&app.admin);
    patch.body("application/merge-patch+json", "{}").await.is_problem(404, "not_found");
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

    let answer = app.get("/.well-known/jwks.json").caller(&stranger).await;

    answer.is_problem(401, "invalid_token");
    assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"thidua\", error=\"invalid_token\""));
}
