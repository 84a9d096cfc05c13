//! Units that end on a day to come, and units that have ended: nothing goes in beyond the end, nothing that rests is overlooked.

use chrono::Duration;
use serde_json::{Value, json};

use crate::harness::{Person, TestApp, Unit, text};

/// The first day without the unit that ends.
const END: &str = "2026-06-01";

/// Two units side by side; the first one ends on `END`.
async fn ending() -> (TestApp, Unit, Unit) {
    let app = TestApp::start().await;
    let (one, two) = (app.unit("Đảng bộ Một").await, app.unit("Đảng bộ Hai").await);
    app.delete(format!("/v1/units/{}?on={END}", one.id)).caller(&app.admin).await.expect(204);
    (app, one, two)
}

async fn merge(app: &TestApp, unit: &Unit, into: &Unit) {
    let into = json!({"into_unit_id": into.id});
    app.post(format!("/v1/units/{}/merge", unit.id)).caller(&app.admin).json(into).await.expect(200);
}

async fn listed(app: &TestApp, caller: &Person, url: &str) -> Vec<String> {
    let list = app.get(url).caller(caller).await.expect(200);
    list["items"].as_array().unwrap().iter().map(|one| text(&one["id"])).collect()
}

#[actix_web::test]
async fn a_unit_with_an_end_takes_no_unit_in() {
    let (app, one, two) = ending().await;
    let new = json!({"name": "Chi bộ", "kind": "party_cell", "parent_id": one.id});

    app.post("/v1/units").caller(&app.admin).json(new).await.has_faults(&[("/parent_id", "ends_too_soon")]);
    app.post(format!("/v1/units/{}/move", two.id))
        .caller(&app.admin)
        .json(json!({"parent_id": one.id}))
        .await
        .has_faults(&[("/parent_id", "ends_too_soon")]);
}

#[actix_web::test]
async fn a_split_takes_a_unit_above_that_has_no_end() {
    let app = TestApp::start().await;
    let (one, two) = (app.unit("Đảng bộ Một").await, app.unit("Đảng bộ Hai").await);
    let cell = app.unit_under(&one, "Chi bộ").await;
    let away = json!({"parent_id": two.id, "on": "2026-05-01"});
    app.post(format!("/v1/units/{}/move", cell.id)).caller(&app.admin).json(away).await.expect(200);
    app.delete(format!("/v1/units/{}?on={END}", one.id)).caller(&app.admin).await.expect(204);
    let split = |on: &str| {
        let body = json!({"on": on, "new_units": [{"name": "Chi bộ Mới"}]});
        app.post(format!("/v1/units/{}/split", cell.id)).caller(&app.admin).json(body)
    };

    split("2026-04-30").await.has_faults(&[("/on", "ends_too_soon")]);
    split("2026-05-01").await.expect(200);
}

#[actix_web::test]
async fn a_unit_with_an_end_takes_members_in_until_then() {
    let (app, one, two) = ending().await;
    let member = app.member_of(&two).await;
    let url = format!("/v1/members/{}/memberships", member.id);
    let place = |to: Value| json!({"kind": "temporary", "unit_id": one.id, "valid_to": to});

    app.post(&url).caller(&app.admin).json(place(json!(null))).await.has_faults(&[("/unit_id", "ends_too_soon")]);
    app.post(&url)
        .caller(&app.admin)
        .json(place(json!("2026-06-02")))
        .await
        .has_faults(&[("/unit_id", "ends_too_soon")]);
    let new = json!({"display_name": "Nguyễn Thị Mẫu", "home_unit_id": one.id});
    app.post("/v1/members").caller(&app.admin).json(new).await.has_faults(&[("/home_unit_id", "ends_too_soon")]);
    let made = app.post(&url).caller(&app.admin).json(place(json!("2026-05-01"))).await.expect(201);
    let url = format!("/v1/memberships/{}", text(&made["id"]));
    let until = |to: Value| app.patch(&url).caller(&app.admin).json(json!({"valid_to": to}));
    until(json!(null)).await.has_faults(&[("/valid_to", "ends_too_soon")]);
    until(json!(END)).await.expect(200);
}

#[actix_web::test]
async fn a_unit_with_an_end_pledges_what_is_due_before_it() {
    let (app, one, two) = ending().await;
    let campaign = app.campaign_of(&two).await;
    let url = format!("/v1/campaigns/{}/pledges", campaign.id);
    let mut new = app.new_pledge(&campaign);
    new["pledger"] = json!({"kind": "unit", "id": one.id});

    app.post(&url).caller(&app.admin).json(new.clone()).await.has_faults(&[("/pledger/id", "ends_too_soon")]);
    new["commitments"][0]["due_on"] = json!("2026-05-31");
    let draft = text(&app.post(&url).caller(&app.admin).json(new.clone()).await.expect(201)["id"]);
    let late = text(&app.post(&url).caller(&app.admin).json(new).await.expect(201)["id"]);
    let sign = |admin: &Person, id: &str| app.post(format!("/v1/pledges/{id}/sign")).caller(admin).json(json!({}));
    sign(&app.admin, &draft).await.expect(200);
    app.clock.advance(Duration::days(90));
    let admin = app.sign_in(&app.admin.id).await;
    sign(&admin, &late).await.is_problem(409, "unit_ended");
}

#[actix_web::test]
async fn a_draft_of_a_merged_unit_is_signed_by_nobody() {
    let app = TestApp::start().await;
    let (one, two) = (app.unit("Đảng bộ Một").await, app.unit("Đảng bộ Hai").await);
    let campaign = app.campaign_of(&two).await;
    let manager = app.manager_of(&two).await;
    let mut new = app.new_pledge(&campaign);
    new["pledger"] = json!({"kind": "unit", "id": one.id});
    let url = format!("/v1/campaigns/{}/pledges", campaign.id);
    let draft = text(&app.post(url).caller(&app.admin).json(new).await.expect(201)["id"]);

    merge(&app, &one, &two).await;

    for signer in [&manager, &app.admin] {
        let signed = app.post(format!("/v1/pledges/{draft}/sign")).caller(signer).json(json!({})).await;
        signed.is_problem(409, "unit_ended");
    }
}

#[actix_web::test]
async fn a_unit_is_not_closed_over_what_runs_of_a_unit_that_was_merged_into_it() {
    let app = TestApp::start().await;
    let (one, two) = (app.unit("Đảng bộ Một").await, app.unit("Đảng bộ Hai").await);
    let campaign = app.campaign_of(&one).await;
    app.unit_pledge(&app.admin, &one, &campaign).await;
    merge(&app, &one, &two).await;
    let close = || app.delete(format!("/v1/units/{}", two.id)).caller(&app.admin);

    let problem = close().await.is_problem(409, "unit_in_use");

    let reasons: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|one| text(&one["code"])).collect();
    assert_eq!(reasons, ["has_running_campaigns", "has_running_pledges"]);
    app.post(format!("/v1/campaigns/{}/close", campaign.id)).caller(&app.admin).json(json!({})).await.expect(200);
    close().await.expect(204);
}

#[actix_web::test]
async fn what_a_merged_unit_did_is_found_and_seen_in_the_other() {
    let app = TestApp::start().await;
    let (top, one, two) = (app.unit("Tỉnh").await, app.unit("Đảng bộ Một").await, app.unit("Đảng bộ Hai").await);
    let cell = app.unit_under(&two, "Chi bộ Hai").await;
    let (member, of_cell, stranger) =
        (app.member_of(&two).await, app.member_of(&cell).await, app.member_of(&top).await);
    let of_top = app.campaign_of(&top).await;
    let own = app.campaign_of(&one).await;
    let pledge = app.unit_pledge(&app.admin, &one, &of_top).await;
    let worker = app.member_of(&one).await;
    let checkin = app.check_in(&worker, &pledge, 3.0).await;
    let work = json!({"kind": "task", "title": "Đường hoa", "unit_id": one.id});
    let works = format!("/v1/campaigns/{}/works", of_top.id);
    let work = text(&app.post(&works).caller(&app.admin).json(work).await.expect(201)["id"]);
    let news = json!({"kind": "news", "unit_id": one.id, "title": "Tin của Một"});
    let news = text(&app.post("/v1/activities").caller(&app.admin).json(news).await.expect(201)["id"]);
    app.post(format!("/v1/activities/{news}/publish")).caller(&app.admin).await.expect(200);
    let checkins = format!("/v1/pledges/{}/checkins", pledge.id);
    let lists = [
        (format!("/v1/campaigns/{}/pledges", of_top.id), pledge.id.clone()),
        (works.clone(), work),
        ("/v1/campaigns".to_owned(), own.id.clone()),
        ("/v1/activities".to_owned(), news.clone()),
    ];
    for (url, _) in &lists {
        assert_eq!(listed(&app, &member, &format!("{url}?unit_id={}", two.id)).await, Vec::<String>::new(), "{url}");
    }
    assert_eq!(listed(&app, &member, &checkins).await, Vec::<String>::new());
    assert_eq!(listed(&app, &of_cell, "/v1/feed").await, Vec::<String>::new());

    merge(&app, &one, &two).await;

    for (url, id) in &lists {
        for unit in [&one, &two] {
            assert_eq!(
                listed(&app, &member, &format!("{url}?unit_id={}", unit.id)).await,
                std::slice::from_ref(id),
                "{url}"
            );
        }
        assert_eq!(listed(&app, &member, &format!("{url}?unit_id={}", cell.id)).await, Vec::<String>::new(), "{url}");
    }
    assert_eq!(listed(&app, &member, &checkins).await, std::slice::from_ref(&checkin));
    app.get(format!("/v1/checkins/{checkin}")).caller(&member).await.expect(200);
    app.get(format!("/v1/checkins/{checkin}")).caller(&stranger).await.is_problem(404, "not_found");
    assert_eq!(listed(&app, &of_cell, "/v1/feed").await, [news]);
}

#[actix_web::test]
async fn rights_that_came_with_a_merged_unit_hold_over_the_other_at_once() {
    let app = TestApp::start().await;
    let (one, two) = (app.unit("Đảng bộ Một").await, app.unit("Đảng bộ Hai").await);
    let manager = app.manager_of(&one).await;
    app.clock.advance(Duration::days(1));
    let (admin, manager) = (app.sign_in(&app.admin.id).await, app.sign_in(&manager.id).await);
    let rename = || app.patch(format!("/v1/units/{}", two.id)).caller(&manager).json(json!({"name": "Đảng bộ Mới"}));
    rename().await.is_problem(403, "forbidden");

    let into = json!({"into_unit_id": two.id});
    app.post(format!("/v1/units/{}/merge", one.id)).caller(&admin).json(into).await.expect(200);

    rename().await.expect(200);
}

#[actix_web::test]
async fn a_unit_with_an_end_has_campaigns_and_gives_roles_until_then() {
    let (app, one, two) = ending().await;
    let member = app.member_of(&two).await;
    let campaign = |ends_on: &str| {
        let dates = json!({"kind": "thematic", "title": "Trồng cây", "starts_on": "2026-03-01", "ends_on": ends_on,
            "launched_by_unit_id": one.id});
        app.post("/v1/campaigns").caller(&app.admin).json(dates)
    };
    let role = |to: Value| {
        let grant = json!({"member_id": member.id, "role": "editor", "unit_id": one.id, "valid_to": to});
        app.post("/v1/role-grants").caller(&app.admin).json(grant)
    };

    campaign(END).await.has_faults(&[("/launched_by_unit_id", "ends_too_soon")]);
    campaign("2026-05-31").await.expect(201);
    role(json!(null)).await.has_faults(&[("/unit_id", "ends_too_soon")]);
    role(json!(END)).await.expect(201);
}

#[actix_web::test]
async fn a_draft_is_not_launched_beyond_the_end_of_its_unit() {
    let app = TestApp::start().await;
    let one = app.unit("Đảng bộ Một").await;
    let draft = app.draft_campaign_of(&one).await;
    let launch = || app.post(format!("/v1/campaigns/{}/launch", draft.id)).caller(&app.admin).json(json!({}));

    app.delete(format!("/v1/units/{}?on={END}", one.id)).caller(&app.admin).await.expect(204);

    launch().await.is_problem(409, "unit_ended");
    let sooner = json!({"ends_on": "2026-05-31"});
    app.patch(format!("/v1/campaigns/{}", draft.id)).caller(&app.admin).json(sooner).await.expect(200);
    launch().await.expect(200);
}

#[actix_web::test]
async fn a_campaign_is_not_extended_beyond_the_end_of_its_unit() {
    let app = TestApp::start().await;
    let one = app.unit("Đảng bộ Một").await;
    let draft = app.draft_campaign(&one, json!({"ends_on": "2026-05-01"})).await;
    let change = |body: Value| app.patch(format!("/v1/campaigns/{}", draft.id)).caller(&app.admin).json(body);
    app.delete(format!("/v1/units/{}?on={END}", one.id)).caller(&app.admin).await.expect(204);
    app.post(format!("/v1/campaigns/{}/launch", draft.id)).caller(&app.admin).json(json!({})).await.expect(200);

    change(json!({"ends_on": "2026-05-31"})).await.expect(200);
    change(json!({"ends_on": END})).await.is_problem(409, "unit_ended");
    change(json!({"title": "Trồng cây, trồng rừng"})).await.expect(200);
}
