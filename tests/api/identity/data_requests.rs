//! `/v1/data-requests` and `/v1/me/data-requests`

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::harness::{Person, TestApp};

async fn ask(app: &TestApp, member: &Person, kind: &str) -> Value {
    let body = json!({"kind": kind, "detail": "Tên đệm của tôi bị sai"});
    app.post("/v1/me/data-requests").caller(member).json(body).await.expect(201)
}

async fn overdue(app: &TestApp) -> Vec<String> {
    let admin = app.sign_in(&app.admin.id).await;
    let page = app.get("/v1/data-requests?overdue=true").caller(&admin).await.expect(200);
    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn a_request_has_its_deadlines_and_is_overdue_when_nobody_replies() {
    let app = TestApp::start().await;
    let member = app.member_of(&app.unit("Chi bộ 1").await).await;

    let request = ask(&app, &member, "correction").await;

    // Asked on a Tuesday.
    assert_eq!(request["acknowledge_by"], "2026-03-12T02:00:00Z");
    assert_eq!(request["due_at"], "2026-03-13T02:00:00Z");
    assert!(overdue(&app).await.is_empty());
    app.clock.advance(TimeDelta::hours(49));
    assert_eq!(overdue(&app).await, [request["id"].as_str().unwrap()]);
}

#[actix_web::test]
async fn whoever_watches_the_figures_sees_what_waits_and_what_is_late() {
    let app = TestApp::start().await;
    let member = app.member_of(&app.unit("Chi bộ 1").await).await;
    ask(&app, &member, "correction").await;
    app.clock.advance(TimeDelta::hours(49));
    let admin = app.sign_in(&app.admin.id).await;
    let later = app.sign_in(&member.id).await;
    ask(&app, &later, "objection").await;
    let done = ask(&app, &later, "restriction").await;
    let url = format!("/v1/data-requests/{}/resolve", done["id"].as_str().unwrap());
    app.post(url).caller(&admin).json(json!({"outcome": "done"})).await.expect(200);

    let answer = app.get_inside("/metrics").await;

    let figures = answer.text();
    assert!(figures.contains("\ndata_requests_waiting 2\n"), "{figures}");
    assert!(figures.contains("\ndata_requests_overdue 1\n"), "{figures}");
}

#[actix_web::test]
async fn an_admin_replies_and_resolves_once() {
    let app = TestApp::start().await;
    let member = app.member_of(&app.unit("Chi bộ 1").await).await;
    let request = ask(&app, &member, "correction").await;
    let url = |verb: &str| format!("/v1/data-requests/{}/{verb}", request["id"].as_str().unwrap());
    let resolve = async |body: Value| app.post(url("resolve")).caller(&app.admin).json(body).await;

    let replied = app.post(url("acknowledge")).caller(&app.admin).json(json!({})).await.expect(200);
    assert_eq!((&replied["status"], replied["acknowledged_at"].is_string()), (&json!("acknowledged"), true));
    resolve(json!({"outcome": "refused"})).await.has_faults(&[("/resolution", "missing")]);
    let done = resolve(json!({"outcome": "done", "resolution": "Đã sửa"})).await.expect(200);

    assert_eq!((&done["status"], &done["resolution"]), (&json!("done"), &json!("Đã sửa")));
    resolve(json!({"outcome": "done"})).await.is_problem(409, "data_request_resolved");
    let own = app.get("/v1/me/data-requests").caller(&member).await.expect(200);
    assert_eq!(own["items"][0]["resolution"], "Đã sửa");
}

#[actix_web::test]
async fn others_neither_list_nor_resolve() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ 1").await;
    let (member, manager) = (app.member_of(&unit).await, app.manager_of(&unit).await);
    let request = ask(&app, &member, "objection").await;

    for caller in [&member, &manager] {
        app.get("/v1/data-requests").caller(caller).await.is_problem(403, "forbidden");
        let url = format!("/v1/data-requests/{}/resolve", request["id"].as_str().unwrap());
        app.post(url).caller(caller).json(json!({"outcome": "done"})).await.is_problem(403, "forbidden");
    }
    let others = app.get("/v1/me/data-requests").caller(&manager).await.expect(200);
    assert_eq!(others["items"], json!([]));
}

#[actix_web::test]
async fn an_erasure_that_came_by_letter_is_done_by_resolving_it() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ 1").await;
    let member = app.member_named(&unit, "Nguyễn Thị Thư").await;
    let new = json!({"member_id": member.id, "kind": "erasure", "detail": "Đơn số 12", "requested_at": "2026-03-09T02:00:00Z"});
    let request = app.post("/v1/data-requests").caller(&app.admin).json(new).await.expect(201);
    assert_eq!((&request["source"], &request["due_at"]), (&json!("staff"), &json!("2026-03-12T02:00:00Z")));

    let url = format!("/v1/data-requests/{}/resolve", request["id"].as_str().unwrap());
    let done = app.post(url).caller(&app.admin).json(json!({"outcome": "done"})).await.expect(200);

    assert_eq!((&done["status"], &done["detail"]), (&json!("done"), &json!(null)));
    app.get(format!("/v1/members/{}", member.id)).caller(&app.admin).await.is_problem(404, "not_found");
    app.get("/v1/me").caller(&member).await.is_problem(401, "invalid_token");
}

#[actix_web::test]
async fn whoever_reads_requests_is_written_down() {
    let app = TestApp::start().await;
    let member = app.member_of(&app.unit("Chi bộ 1").await).await;
    let read = || app.count("SELECT id FROM audit_row WHERE action = 'read_data_request'");
    app.get("/v1/data-requests").caller(&app.admin).await.expect(200);
    assert_eq!(read(), 0);
    ask(&app, &member, "correction").await;
    ask(&app, &member, "objection").await;

    app.get("/v1/me/data-requests").caller(&member).await.expect(200);
    assert_eq!(read(), 0);
    app.get("/v1/data-requests").caller(&app.admin).await.expect(200);

    assert_eq!(read(), 2);
}

#[actix_web::test]
async fn nothing_is_written_down_of_whoever_is_erased() {
    let app = TestApp::start().await;
    let member = app.member_of(&app.unit("Chi bộ 1").await).await;
    app.delete("/v1/me").caller(&member).await.expect(204);

    let new = json!({"member_id": member.id, "kind": "correction", "detail": "Tên là Nguyễn Thị Mẫu"});
    let answer = app.post("/v1/data-requests").caller(&app.admin).json(new).await;

    answer.has_faults(&[("/member_id", "no_such_thing")]);
}
