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

#[actix_web::test]
async fn a_new_name_holds_from_its_day_on() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ Cũ").await;
    let url = format!("/v1/units/{}", unit.id);

    let renamed = app.patch(&url).caller(&app.admin).json(json!({"name": "Đảng bộ Mới", "from": "2026-03-15"})).await;

    renamed.expect_ok();
    let name = async |day: &str| {
        app.get(format!("{url}?as_of={day}")).caller(&app.admin).await.expect(200)["name"].as_str().unwrap().to_owned()
    };
    assert_eq!((name("2026-03-14").await, name("2026-03-15").await), ("Đảng bộ Cũ".into(), "Đảng bộ Mới".into()));
    let today = app.get(&url).caller(&app.admin).await.expect(200);
    assert_eq!((&today["name"], &today["valid_to"]), (&json!("Đảng bộ Cũ"), &json!(null)));
    let listed = app.get("/v1/units?q=moi&as_of=2026-03-14").caller(&app.admin).await.expect(200);
    assert_eq!(listed["items"], json!([]));
}

#[actix_web::test]
async fn a_new_name_or_place_makes_a_unit_neither_younger_nor_shorter() {
    let app = TestApp::start().await;
    let top = app.unit("Đảng bộ").await;
    let unit = app.unit_under(&top, "Chi bộ Cũ").await;
    let url = format!("/v1/units/{}", unit.id);
    let life = |shown: &serde_json::Value| (shown["valid_from"].clone(), shown["valid_to"].clone());
    let endless = (json!("2020-01-01"), json!(null));

    let abbreviated = app.patch(&url).caller(&app.admin).json(json!({"short_name": "CBC"})).await.expect(200);
    assert_eq!(life(&abbreviated), endless);
    let later = json!({"name": "Chi bộ Mới", "from": "2026-04-01"});
    assert_eq!(life(&app.patch(&url).caller(&app.admin).json(later).await.expect(200)), endless);
    app.post(format!("{url}/move")).caller(&app.admin).json(json!({"parent_id": null})).await.expect(200);

    assert_eq!(life(&app.get(&url).caller(&app.admin).await.expect(200)), endless);
    let listed = app.get("/v1/units?q=chi%20bo").caller(&app.admin).await.expect(200);
    assert_eq!(life(&listed["items"][0]), endless);
    let then = app.get(format!("{url}?as_of=2021-01-01")).caller(&app.admin).await.expect(200);
    assert_eq!(life(&then), endless);
    app.delete(format!("{url}?on=2026-05-01")).caller(&app.admin).await.expect(204);
    let closing = app.get(&url).caller(&app.admin).await.expect(200);
    assert_eq!(life(&closing), (json!("2020-01-01"), json!("2026-05-01")));
    assert_eq!(app.get(format!("{url}?as_of=2021-01-01")).caller(&app.admin).await.expect(200), then);
}

#[actix_web::test]
async fn a_change_from_the_first_day_corrects_a_mistake() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ Nhầm").await;
    let url = format!("/v1/units/{}", unit.id);

    let patch = json!({"name": "Đảng bộ Đúng", "short_name": "ĐBĐ", "from": "2020-01-01"});
    app.patch(&url).caller(&app.admin).json(patch).await.expect(200);

    let found = app.get(format!("{url}?as_of=2021-01-01")).caller(&app.admin).await.expect(200);
    assert_eq!((&found["name"], &found["short_name"]), (&json!("Đảng bộ Đúng"), &json!("ĐBĐ")));
    let manager = app.manager_of(&unit).await;
    app.patch(&url)
        .caller(&manager)
        .json(json!({"name": "x", "from": "2026-03-09"}))
        .await
        .has_faults(&[("/from", "in_past")]);
    app.patch(&url).caller(&manager).json(json!({"short_name": null})).await.expect(200);
}

#[actix_web::test]
async fn a_change_that_lies_ahead_is_answered_with_what_is_said_of_its_day() {
    let app = TestApp::start().await;
    let url = format!("/v1/units/{}", app.unit("Đảng bộ Cũ").await.id);
    let patch = |name: &str, from: &str| app.patch(&url).caller(&app.admin).json(json!({"name": name, "from": from}));

    let planned = patch("Đảng bộ Mới", "2026-03-15").await;
    assert_eq!(planned.expect(200)["name"], "Đảng bộ Mới");
    let there = planned.header("content-location").unwrap();
    assert_eq!(there, format!("{url}?as_of=2026-03-15"));
    let found = app.get(there).caller(&app.admin).await;
    assert_eq!((found.text(), found.header("etag")), (planned.text(), planned.header("etag")));
    let next = patch("Đảng bộ Nữa", "2026-03-20").header("If-Match", planned.header("etag").unwrap()).await;
    next.expect_ok();

    let corrected = patch("Đảng bộ Đúng", "2020-01-01").await;
    assert_eq!(corrected.header("content-location"), None);
    let found = app.get(&url).caller(&app.admin).await;
    assert_eq!((found.text(), found.header("etag")), (corrected.text(), corrected.header("etag")));
}

#[actix_web::test]
async fn a_lost_race_for_a_unit_is_told() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ").await;
    let url = format!("/v1/units/{}", unit.id);
    let seen = app.get(&url).caller(&app.admin).await.header("etag").unwrap().to_owned();
    app.patch(&url).caller(&app.admin).json(json!({"name": "Khác"})).await.expect(200);

    let stale = app.patch(&url).caller(&app.admin).header("If-Match", &seen).json(json!({"name": "Nữa"})).await;
    stale.is_problem(412, "precondition_failed");
    app.delete(&url).caller(&app.admin).header("If-Match", &seen).await.is_problem(412, "precondition_failed");
}

#[actix_web::test]
async fn a_unit_is_closed_when_nothing_living_hangs_on_it() {
    let app = TestApp::start().await;
    let top = app.unit("Đảng bộ").await;
    let unit = app.unit_under(&top, "Chi bộ Một").await;
    let below = app.unit_under(&unit, "Tổ Một").await;
    let member = app.member_of(&unit).await;
    let campaign = app.campaign_of(&unit).await;
    let url = format!("/v1/units/{}", unit.id);

    let problem = app.delete(&url).caller(&app.admin).await.is_problem(409, "unit_in_use");

    let reasons: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|one| one["code"].clone()).collect();
    assert_eq!(reasons, ["has_units_below", "has_members", "has_running_campaigns"]);
    app.delete(format!("/v1/units/{}", below.id)).caller(&app.admin).await.expect(204);
    let home = json!({"kind": "home", "unit_id": top.id});
    app.post(format!("/v1/members/{}/memberships", member.id)).caller(&app.admin).json(home).await.expect(201);
    app.post(format!("/v1/campaigns/{}/close", campaign.id)).caller(&app.admin).json(json!({})).await.expect(200);
    app.delete(format!("{url}?on=2026-03-20")).caller(&app.admin).await.expect(204);
    assert_eq!(app.get(&url).caller(&app.admin).await.expect(200)["valid_to"], "2026-03-20");
    app.get(format!("{url}?as_of=2026-03-20")).caller(&app.admin).await.is_problem(404, "not_found");
    app.delete(format!("/v1/units/{}", below.id)).caller(&app.admin).await.is_problem(404, "not_found");
}

#[actix_web::test]
async fn what_a_closed_unit_did_counts_for_the_one_above_it() {
    let app = TestApp::start().await;
    let top = app.unit("Đảng bộ").await;
    let unit = app.unit_under(&top, "Chi bộ Một").await;
    let campaign = app.campaign_of(&top).await;
    app.check_in_unverified(&unit, &campaign).await;
    let into = app.unit_under(&top, "Chi bộ Hai").await;
    let merge = json!({"into_unit_id": into.id});
    app.post(format!("/v1/units/{}/merge", unit.id)).caller(&app.admin).json(merge).await.expect(200);
    let member = app.get(format!("/v1/units/{}/members", into.id)).caller(&app.admin).await.expect(200);
    let member = member["items"][0]["id"].as_str().unwrap().to_owned();
    let home = json!({"kind": "home", "unit_id": top.id});
    app.post(format!("/v1/members/{member}/memberships")).caller(&app.admin).json(home).await.expect(201);

    app.delete(format!("/v1/units/{}", into.id)).caller(&app.admin).await.expect(204);

    let url = format!("/v1/units/{}/progress", top.id);
    let progress = app.get(url).caller(&app.admin).await.expect(200);
    assert_eq!(progress["targets"][0]["reported"], 7);
    assert_eq!(progress["targets"][0]["units"][0]["unit_id"], top.id);
}

#[actix_web::test]
async fn counts_of_members_are_exact_on_every_day_however_members_come_and_go() {
    let app = TestApp::start().await;
    let top = app.unit("Đảng bộ").await;
    let (one, two) = (app.unit_under(&top, "Một").await, app.unit_under(&top, "Hai").await);
    let member = app.member_of(&one).await;
    app.member_of(&two).await;
    let count = async |unit: &crate::harness::Unit, day: &str| {
        let found = app.get(format!("/v1/units/{}?as_of={day}", unit.id)).caller(&app.admin).await.expect(200);
        found["member_count"].as_i64().unwrap()
    };
    let counts = async || {
        let mut counts = Vec::new();
        for day in ["2025-01-01", "2026-03-10", "2026-03-20", "2026-05-01"] {
            counts.push((count(&top, day).await, count(&one, day).await, count(&two, day).await));
        }
        counts
    };
    let recount = async || {
        app.app
            .change_as(thidua::db::Actor::system(), async |tx| {
                Ok(thidua::organisation::units::recount_members(tx).await?)
            })
            .await
            .unwrap();
    };
    let expected = [(2, 1, 1), (2, 1, 1), (2, 0, 2), (1, 0, 1)];

    recount().await;
    let home = json!({"kind": "home", "unit_id": two.id, "valid_from": "2026-03-15", "valid_to": "2026-04-01"});
    app.post(format!("/v1/members/{}/memberships", member.id)).caller(&app.admin).json(home).await.expect(201);

    assert_eq!(counts().await, expected);
    app.clock.advance(chrono::Duration::days(90));
    recount().await;
    let admin = app.sign_in(&app.admin.id).await;
    let found = app.get(format!("/v1/units/{}", top.id)).caller(&admin).await.expect(200);
    assert_eq!(found["member_count"], 1);
    let then = app.get(format!("/v1/units/{}?as_of=2026-03-20", two.id)).caller(&admin).await.expect(200);
    assert_eq!(then["member_count"], 2);
}

#[actix_web::test]
async fn members_of_a_unit_are_those_of_the_day_asked_for() {
    let app = TestApp::start().await;
    let (one, two) = (app.unit("Một").await, app.unit("Hai").await);
    let member = app.member_of(&one).await;
    let home = json!({"kind": "home", "unit_id": two.id, "valid_from": "2026-03-10"});
    app.post(format!("/v1/members/{}/memberships", member.id)).caller(&app.admin).json(home).await.expect(201);

    let then = app.get(format!("/v1/units/{}/members?as_of=2026-03-09", one.id)).caller(&app.admin).await.expect(200);
    let today = app.get(format!("/v1/units/{}/members", one.id)).caller(&app.admin).await.expect(200);

    assert_eq!(then["items"][0]["home_unit_id"], one.id);
    assert_eq!(today["items"], json!([]));
}

#[actix_web::test]
async fn a_manager_makes_no_unit_in_the_past() {
    let app = TestApp::start().await;
    let top = app.unit("Đảng bộ").await;
    let manager = app.manager_of(&top).await;
    let new = |from: &str| json!({"name": "Chi bộ", "kind": "party_cell", "parent_id": top.id, "valid_from": from});

    let past = app.post("/v1/units").caller(&manager).json(new("2026-03-09")).await;

    past.has_faults(&[("/valid_from", "in_past")]);
    app.post("/v1/units").caller(&manager).json(new("2026-03-10")).await.expect(201);
    app.post("/v1/units").caller(&app.admin).json(new("2026-03-09")).await.expect(201);
    // Its parent was not there then, whatever that is called now.
    app.post("/v1/units")
        .caller(&app.admin)
        .json(new("2019-12-31"))
        .await
        .has_faults(&[("/parent_id", "no_such_thing")]);
    let renamed = json!({"name": "Đảng bộ Mới"});
    app.patch(format!("/v1/units/{}", top.id)).caller(&app.admin).json(renamed).await.expect(200);
    app.post("/v1/units").caller(&app.admin).json(new("2020-01-01")).await.expect(201);
}

#[actix_web::test]
async fn a_code_is_given_changed_and_taken_away_and_is_of_no_day() {
    let app = TestApp::start().await;
    let (one, two) = (app.unit("Một").await, app.unit("Hai").await);
    let url = format!("/v1/units/{}", one.id);
    let patch = |body: serde_json::Value| app.patch(&url).caller(&app.admin).json(body);
    let before = app.get(&url).caller(&app.admin).await;

    let coded = patch(json!({"code": "LD-0042"})).await;

    assert_eq!(coded.expect(200)["code"], "LD-0042");
    assert_ne!(coded.header("etag"), before.header("etag"));
    assert_eq!(app.get(format!("{url}?as_of=2021-01-01")).caller(&app.admin).await.expect(200)["code"], "LD-0042");
    let taken = app.patch(format!("/v1/units/{}", two.id)).caller(&app.admin).json(json!({"code": "LD-0042"})).await;
    taken.is_problem(409, "already_exists");
    patch(json!({"code": ""})).await.has_faults(&[("/code", "too_short")]);
    let same = patch(json!({"code": "LD-0042"})).await;
    assert_eq!(same.header("etag"), coded.header("etag"));
    assert_eq!(patch(json!({"name": "Một Mới"})).await.expect(200)["code"], "LD-0042");
    assert_eq!(patch(json!({"code": null})).await.expect(200)["code"], json!(null));
}

#[actix_web::test]
async fn a_unit_begins_on_a_day_that_there_is() {
    let app = TestApp::start().await;
    let from = |day: &str| {
        let new = json!({"name": "Chi bộ", "kind": "party_cell", "valid_from": day});
        app.post("/v1/units").caller(&app.admin).json(new)
    };

    from("1899-12-31").await.has_faults(&[("/valid_from", "out_of_range")]);
    from("9999-12-31").await.has_faults(&[("/valid_from", "out_of_range")]);
    from("1900-01-01").await.expect(201);
}
