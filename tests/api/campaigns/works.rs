//! `/v1/works`

use serde_json::json;

use crate::harness::{TestApp, text};

#[actix_web::test]
async fn a_work_is_listed_with_its_campaign_and_changes_as_it_goes_on() {
    let app = TestApp::start().await;
    let unit = app.unit("Đoàn Thanh niên").await;
    let (editor, member) = (app.editor_of(&unit).await, app.member_of(&unit).await);
    let campaign = app.campaign_of(&unit).await;
    let url = format!("/v1/campaigns/{}/works", campaign.id);
    let new = json!({"kind": "project", "title": "Thắp sáng đường quê", "place": "Xã Cát Tiên", "unit_of_measure": "bóng đèn", "goal": 40});

    let made = app.post(&url).caller(&editor).json(new.clone()).await.expect(201);
    app.post(&url).caller(&member).json(new).await.is_problem(403, "forbidden");
    let work = format!("/v1/works/{}", text(&made["id"]));
    app.patch(&work).caller(&member).json(json!({"achieved": 1})).await.is_problem(403, "forbidden");
    app.patch(&work)
        .caller(&editor)
        .json(json!({"achieved": 40, "status": "completed", "place": null}))
        .await
        .expect(200);

    let listed = app.get(&url).caller(&member).await.expect(200);
    assert_eq!(listed["items"][0]["status"], "completed");
    assert_eq!(listed["items"][0]["place"], json!(null));
    assert_eq!(app.get(&work).caller(&member).await.expect(200)["achieved"], 40);
}

#[actix_web::test]
async fn null_clears_a_field_and_is_refused_where_there_is_always_a_value() {
    let app = TestApp::start().await;
    let unit = app.unit("Đoàn Thanh niên").await;
    let campaign = app.campaign_of(&unit).await;
    let new = json!({"kind": "project", "title": "Thắp sáng", "unit_id": unit.id, "summary": "Đèn", "goal": 40, "achieved": 3});
    let made = app.post(format!("/v1/campaigns/{}/works", campaign.id)).caller(&app.admin).json(new).await.expect(201);
    let url = format!("/v1/works/{}", text(&made["id"]));

    let refused = app.patch(&url).caller(&app.admin).json(json!({"title": null, "status": null})).await;
    refused.has_faults(&[("/title", "wrong_type"), ("/status", "wrong_type"), ("/status", "not_one_of")]);
    let counted = json!({"kind": "model", "unit_of_measure": "bóng đèn"});
    let counted = app.patch(&url).caller(&app.admin).json(counted).await.expect(200);
    let cleared = json!({"summary": null, "goal": null, "achieved": null, "unit_of_measure": null});
    let changed = app.patch(&url).caller(&app.admin).json(cleared).await.expect(200);

    assert_eq!(
        (&changed["summary"], &changed["goal"], &changed["achieved"]),
        (&json!(null), &json!(null), &json!(null))
    );
    assert_eq!((&counted["kind"], &counted["unit_of_measure"]), (&json!("model"), &json!("bóng đèn")));
    assert_eq!((&changed["kind"], &changed["unit_of_measure"]), (&json!("model"), &json!(null)));
}
