//! `/v1/feed`

use serde_json::json;

use super::{campaign, drafted, published, titles};
use crate::harness::TestApp;

#[actix_web::test]
async fn the_feed_has_what_is_mine_and_not_what_is_not() {
    let app = TestApp::start().await;
    let province = app.unit("Đảng bộ UBND tỉnh").await;
    let school = app.unit_under(&province, "Đảng bộ Trường Cao đẳng").await;
    let cell = app.unit_under(&school, "Chi bộ Khoa Du lịch").await;
    let other = app.unit_under(&province, "Chi bộ Quỹ Đầu tư").await;
    let for_school = campaign(&app, &province, "Của trường", Some(&school)).await;
    let for_other = campaign(&app, &province, "Của quỹ", Some(&other)).await;
    published(&app, &province, "Cấp trên", json!({})).await;
    published(&app, &school, "Đơn vị tôi", json!({"pinned": true})).await;
    published(&app, &cell, "Cấp dưới", json!({})).await;
    published(&app, &other, "Đơn vị khác", json!({})).await;
    published(&app, &other, "Phong trào mở cho tôi", json!({"campaign_id": for_school})).await;
    published(&app, &other, "Phong trào không mở cho tôi", json!({"campaign_id": for_other})).await;
    drafted(&app, &app.admin, &school, "Nháp", json!({})).await;
    let member = app.member_of(&school).await;

    let feed = app.get("/v1/feed").caller(&member).await.expect(200);

    assert_eq!(titles(&feed), ["Đơn vị tôi", "Phong trào mở cho tôi", "Cấp dưới", "Cấp trên"]);
    assert_eq!(feed["items"][1]["campaign"], json!({"id": for_school, "title": "Của trường"}));
}

#[actix_web::test]
async fn the_feed_goes_on_where_it_stopped() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ UBND tỉnh").await;
    let member = app.member_of(&unit).await;
    for title in ["1", "2", "3"] {
        published(&app, &unit, title, json!({})).await;
    }

    let first = app.get("/v1/feed?limit=2&include=body").caller(&member).await.expect(200);
    published(&app, &unit, "4", json!({})).await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let url = format!("/v1/feed?limit=2&include=body&cursor={cursor}");
    let second = app.get(&url).caller(&member).await.expect(200);

    assert_eq!((titles(&first), titles(&second)), (vec!["3", "2"], vec!["1"]));
    assert_eq!(second["items"][0]["body_html"], "<p>Nội dung</p>\n");
    assert_eq!(second["next_cursor"], json!(null));
    app.get(&url).caller(&app.admin).await.is_problem(400, "invalid_cursor");
}

#[actix_web::test]
async fn the_feed_is_for_those_who_are_signed_in() {
    let app = TestApp::start().await;

    app.get("/v1/feed").await.is_problem(401, "unauthorized");
    app.get("/v1/feed?limit=101&kind=news")
        .caller(&app.admin)
        .await
        .has_faults(&[("limit", "out_of_range"), ("kind", "unknown_field")]);
}
