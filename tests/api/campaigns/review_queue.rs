//! `/v1/review-queue`

use serde_json::json;

use crate::harness::{TestApp, text};

#[actix_web::test]
async fn a_manager_finds_what_waits_in_their_units_and_nothing_else() {
    let app = TestApp::start().await;
    let (unit, other) = (app.unit("Đảng bộ").await, app.unit("Đảng bộ khác").await);
    let cell = app.unit_under(&unit, "Chi bộ").await;
    let manager = app.manager_of(&unit).await;
    let campaign = app.campaign_of(&unit).await;
    let (mine, foreign) = (app.member_named(&cell, "Trần Văn Ân").await, app.member_of(&other).await);
    let pledge = app.pledge_of(&mine, &campaign).await;
    let (first, held) = (app.check_in(&mine, &pledge, 1.0).await, app.check_in(&mine, &pledge, 999.0).await);
    let foreign_pledge = app.pledge_of(&foreign, &campaign).await;
    app.check_in(&foreign, &foreign_pledge, 1.0).await;

    let queue = app.get("/v1/review-queue").caller(&manager).await.expect(200);

    let ids: Vec<_> = queue["items"].as_array().unwrap().iter().map(|item| text(&item["checkin"]["id"])).collect();
    assert_eq!(ids, [first.clone(), held.clone()]);
    assert_eq!(queue["items"][0]["member_name"], "Trần Văn Ân");
    assert_eq!(queue["items"][0]["unit_name"], "Chi bộ");
    let only_held = app.get("/v1/review-queue?status=held").caller(&manager).await.expect(200);
    assert_eq!(only_held["items"][0]["checkin"]["id"], json!(held));
    app.post(format!("/v1/checkins/{first}/verify")).caller(&manager).json(json!({})).await.expect(200);
    let rest = app.get("/v1/review-queue").caller(&manager).await.expect(200);
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn a_member_has_no_review_queue() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ").await;
    let member = app.member_of(&unit).await;

    app.get("/v1/review-queue").caller(&member).await.is_problem(403, "forbidden");
}
