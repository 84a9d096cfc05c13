//! `/v1/units`

use serde_json::json;

use crate::harness::TestApp;

#[actix_web::test]
async fn a_unit_stands_under_its_parent() {
    let app = TestApp::start().await;
    let province = app.unit("Đảng bộ UBND tỉnh").await;

    let cell = app.unit_under(&province, "Chi bộ Trường Cao đẳng Du lịch").await;

    let found = app.get(format!("/v1/units/{}", cell.id)).caller(&app.admin).await.expect(200);
    assert_eq!(found["path"], json!([{"id": province.id, "name": "Đảng bộ UBND tỉnh"}]));
    assert_eq!(found["valid_to"], json!(null));
}

#[actix_web::test]
async fn a_unit_counts_the_members_of_all_below_it() {
    let app = TestApp::start().await;
    let province = app.unit("Đảng bộ UBND tỉnh").await;
    let cell = app.unit_under(&province, "Chi bộ Quỹ Đầu tư phát triển").await;
    app.member_of(&province).await;
    app.member_of(&cell).await;

    let found = app.get(format!("/v1/units/{}", province.id)).caller(&app.admin).await.expect(200);

    assert_eq!(found["member_count"], 2);
}

#[actix_web::test]
async fn every_fault_of_a_new_unit_is_named_at_once() {
    let app = TestApp::start().await;

    let answer = app
        .post("/v1/units")
        .caller(&app.admin)
        .json(json!({"name": "", "kind": "club", "colour": "red", "valid_from": "yesterday"}))
        .await;

    answer.has_faults(&[
        ("/name", "too_short"),
        ("/kind", "not_one_of"),
        ("/colour", "unknown_field"),
        ("/valid_from", "wrong_format"),
    ]);
}
