//! `/v1/campaigns`

use serde_json::json;

use crate::harness::{TestApp, text};

#[actix_web::test]
async fn a_draft_is_seen_by_those_who_write_it_alone() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ Khối").await;
    let (editor, member) = (app.editor_of(&unit).await, app.member_of(&unit).await);
    let draft = app.draft_campaign_of(&unit).await;
    let url = format!("/v1/campaigns/{}", draft.id);

    app.get(&url).caller(&editor).await.expect(200);
    app.get(&url).caller(&member).await.is_problem(404, "not_found");
    app.get(&url).await.is_problem(401, "unauthorized");
}

#[actix_web::test]
async fn a_member_cannot_create_or_launch_a_campaign() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ Khối").await;
    let member = app.member_of(&unit).await;
    let draft = app.draft_campaign_of(&unit).await;
    let new = json!({"kind": "peak", "title": "Cao điểm", "starts_on": "2026-01-01", "ends_on": "2026-02-01"});

    app.post("/v1/campaigns").caller(&member).json(new).await.is_problem(403, "forbidden");
    let url = format!("/v1/campaigns/{}/launch", draft.id);
    app.post(url).caller(&member).json(json!({})).await.is_problem(404, "not_found");
}

#[actix_web::test]
async fn a_manager_of_another_unit_cannot_launch_it() {
    let app = TestApp::start().await;
    let (unit, other) = (app.unit("Đảng bộ Khối").await, app.unit("Đảng bộ khác").await);
    let stranger = app.manager_of(&other).await;
    let campaign = app.campaign_of(&unit).await;

    let url = format!("/v1/campaigns/{}/close", campaign.id);
    app.post(url).caller(&stranger).json(json!({})).await.is_problem(403, "forbidden");
}

#[actix_web::test]
async fn every_fault_of_a_new_campaign_is_named_at_once() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ Khối").await;
    let new = json!({
        "kind": "peak", "title": "Cao điểm", "launched_by_unit_id": unit.id,
        "starts_on": "2026-03-01", "ends_on": "2026-02-01",
        "phases": [
            {"name": "Đợt 1", "starts_on": "2026-03-01", "ends_on": "2026-02-28"},
            {"name": "Đợt 2", "starts_on": "2026-03-05", "ends_on": "2026-03-09", "ordinal": 1},
        ],
        "targets": [
            {"name": "Cây", "unit_of_measure": "cây", "denominator": 3},
            {"name": "Tỷ lệ", "unit_of_measure": "%", "numerator_target_id": "019a1c5e-7b1f-7c3a-9d2e-5f6a7b8c9d0e", "denominator": 5},
        ],
    });

    let answer = app.post("/v1/campaigns").caller(&app.admin).json(new).await;

    answer.has_faults(&[
        ("/ends_on", "ends_before_start"),
        ("/phases/0/ends_on", "ends_before_start"),
        ("/phases/0/starts_on", "outside_campaign"),
        ("/phases/1/starts_on", "outside_campaign"),
        ("/phases/1/ordinal", "duplicate"),
        ("/targets/0/denominator", "not_allowed"),
        ("/targets/1/numerator_target_id", "no_such_thing"),
    ]);
}

#[actix_web::test]
async fn a_launched_campaign_keeps_its_targets_and_phases_and_every_version() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ Khối").await;
    let campaign = app.campaign_of(&unit).await;
    let url = format!("/v1/campaigns/{}", campaign.id);

    app.delete(&url).caller(&app.admin).await.is_problem(409, "campaign_launched");
    let patch = json!({"targets": [], "phases": [], "starts_on": "2026-02-01"});
    app.patch(&url).caller(&app.admin).json(patch).await.has_faults(&[
        ("/targets", "not_allowed"),
        ("/phases", "not_allowed"),
        ("/starts_on", "not_allowed"),
    ]);
    let patch = json!({"slogan": "Mỗi chi bộ một vườn cây", "targets": [
        {"id": campaign.target, "name": "Cây xanh", "unit_of_measure": "cây", "goal": 2000},
        {"name": "Vườn", "unit_of_measure": "vườn"},
    ]});
    let changed = app.patch(&url).caller(&app.admin).json(patch).await.expect(200);

    assert_eq!(changed["targets"][0]["goal"], 2000);
    assert_eq!(changed["targets"].as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn null_clears_a_field_and_absent_leaves_it() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ Khối").await;
    let draft = app.draft_campaign(&unit, json!({"slogan": "Một", "summary": "Hai"})).await;
    let url = format!("/v1/campaigns/{}", draft.id);

    let changed = app
        .patch(&url)
        .caller(&app.admin)
        .body("application/merge-patch+json", r#"{"slogan": null}"#)
        .await
        .expect(200);

    assert_eq!(changed["slogan"], json!(null));
    assert_eq!(changed["summary"], "Hai");
}

#[actix_web::test]
async fn of_two_who_edit_what_they_have_read_the_second_loses() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ Khối").await;
    let draft = app.draft_campaign_of(&unit).await;
    let url = format!("/v1/campaigns/{}", draft.id);
    let read = app.get(&url).caller(&app.admin).await;
    let tag = read.header("etag").unwrap().to_owned();

    app.patch(&url).caller(&app.admin).header("If-Match", &tag).json(json!({"title": "Một"})).await.expect(200);
    let second = app.patch(&url).caller(&app.admin).header("If-Match", &tag).json(json!({"title": "Hai"})).await;

    second.is_problem(412, "precondition_failed");
    assert_eq!(app.get(&url).caller(&app.admin).await.expect(200)["title"], "Một");
}

#[actix_web::test]
async fn what_the_reader_has_already_is_not_sent_again() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ Khối").await;
    let campaign = app.campaign_of(&unit).await;
    let url = format!("/v1/campaigns/{}", campaign.id);
    let tag = app.get(&url).caller(&app.admin).await.header("etag").unwrap().to_owned();

    let again = app.get(&url).caller(&app.admin).header("If-None-Match", &tag).await;

    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(again.header("etag"), Some(tag.as_str()));
}

#[actix_web::test]
async fn pages_neither_repeat_nor_hide_a_row_when_one_comes_in_between() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ Khối").await;
    for _ in 0..5 {
        app.campaign_of(&unit).await;
    }
    let first = app.get("/v1/campaigns?limit=2").caller(&app.admin).await;
    let page = first.expect(200);
    assert!(first.header("link").unwrap().ends_with("; rel=\"next\""));
    app.campaign_of(&unit).await;

    let mut seen: Vec<String> = page["items"].as_array().unwrap().iter().map(|item| text(&item["id"])).collect();
    let mut cursor = page["next_cursor"].clone();
    while let Some(next) = cursor.as_str() {
        let page = app.get(format!("/v1/campaigns?limit=2&cursor={next}")).caller(&app.admin).await.expect(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| text(&item["id"])));
        cursor = page["next_cursor"].clone();
    }

    assert_eq!(seen.len(), 5);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 5);
}

#[actix_web::test]
async fn a_cursor_of_other_filters_or_of_somebody_else_is_refused() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ Khối").await;
    let member = app.member_of(&unit).await;
    for _ in 0..3 {
        app.campaign_of(&unit).await;
    }
    let page = app.get("/v1/campaigns?limit=1").caller(&app.admin).await.expect(200);
    let cursor = text(&page["next_cursor"]);

    let with = |url: String| app.get(url);
    with(format!("/v1/campaigns?limit=1&status=launched&cursor={cursor}"))
        .caller(&app.admin)
        .await
        .is_problem(400, "invalid_cursor");
    with(format!("/v1/campaigns?limit=1&cursor={cursor}")).caller(&member).await.is_problem(400, "invalid_cursor");
    with("/v1/campaigns?cursor=nonsense".into()).caller(&app.admin).await.is_problem(400, "invalid_cursor");
}

#[actix_web::test]
async fn a_part_of_another_campaign_stays_there() {
    let app = TestApp::start().await;
    let (unit, other) = (app.unit("Đảng bộ Khối").await, app.unit("Đảng bộ khác").await);
    let stranger = app.manager_of(&other).await;
    let phase = uuid::Uuid::now_v7();
    let phases = |name: &str| json!([{"id": phase, "name": name, "starts_on": "2026-01-01", "ends_on": "2026-06-30"}]);
    let taken = app.draft_campaign(&unit, json!({"phases": phases("Đợt 1")})).await;
    let url = format!("/v1/campaigns/{}", taken.id);
    app.post(format!("{url}/launch")).caller(&app.admin).json(json!({})).await.expect(200);
    let before = app.get(&url).caller(&app.admin).await.expect(200);
    let targets = json!([{"name": "Khác", "unit_of_measure": "kg"}, {"id": taken.target, "name": "Lấy", "unit_of_measure": "kg"}]);
    let faults = [("/targets/1/id", "no_such_thing"), ("/phases/0/id", "no_such_thing")];

    let new = json!({"kind": "peak", "title": "Cao điểm", "starts_on": "2026-01-01", "ends_on": "2026-12-31",
        "launched_by_unit_id": other.id, "targets": targets, "phases": phases("Lấy")});
    app.post("/v1/campaigns").caller(&stranger).json(new).await.has_faults(&faults);
    let own = app.draft_campaign_of(&other).await;
    let patch = json!({"targets": targets, "phases": phases("Lấy")});
    app.patch(format!("/v1/campaigns/{}", own.id)).caller(&stranger).json(patch).await.has_faults(&faults);

    assert_eq!(app.get(&url).caller(&app.admin).await.expect(200), before);
}

#[actix_web::test]
async fn targets_and_phases_change_places_and_new_ones_come_in_front() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ Khối").await;
    let phase = |name: &str, from: &str, to: &str| json!({"name": name, "starts_on": from, "ends_on": to});
    let draft = app
        .draft_campaign(
            &unit,
            json!({
                "targets": [{"name": "A", "unit_of_measure": "cây"}, {"name": "B", "unit_of_measure": "cây"}],
                "phases": [phase("1", "2026-01-01", "2026-03-31"), phase("2", "2026-04-01", "2026-06-30")],
            }),
        )
        .await;
    let url = format!("/v1/campaigns/{}", draft.id);
    let made = app.get(&url).caller(&app.admin).await.expect(200);
    let id = |list: &str, place: usize| made[list][place]["id"].clone();
    let names = |campaign: &serde_json::Value, list: &str| -> Vec<String> {
        campaign[list].as_array().unwrap().iter().map(|part| text(&part["name"])).collect()
    };

    let patch = json!({
        "targets": [{"name": "C", "unit_of_measure": "cây"}, {"id": id("targets", 1), "name": "B", "unit_of_measure": "cây"},
            {"id": id("targets", 0), "name": "A", "unit_of_measure": "cây"}],
        "phases": [
            {"id": id("phases", 1), "name": "2", "starts_on": "2026-04-01", "ends_on": "2026-06-30"},
            {"id": id("phases", 0), "name": "1", "starts_on": "2026-01-01", "ends_on": "2026-03-31"},
        ],
    });
    let changed = app.patch(&url).caller(&app.admin).json(patch).await.expect(200);

    assert_eq!(
        (names(&changed, "targets"), names(&changed, "phases")),
        (["C", "B", "A"].map(str::to_owned).to_vec(), ["2", "1"].map(str::to_owned).to_vec(),)
    );
    assert_eq!(app.get(&url).caller(&app.admin).await.expect(200), changed);
}

#[actix_web::test]
async fn a_target_goes_though_a_percentage_was_a_share_of_it() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ Khối").await;
    let (old, new) = (uuid::Uuid::now_v7(), uuid::Uuid::now_v7());
    let draft = app
        .draft_campaign(
            &unit,
            json!({"targets": [
                {"id": old, "name": "Cũ", "unit_of_measure": "văn bản"},
                {"name": "Tỷ lệ", "unit_of_measure": "%", "numerator_target_id": old, "denominator": 8},
            ]}),
        )
        .await;
    let url = format!("/v1/campaigns/{}", draft.id);
    let share = app.get(&url).caller(&app.admin).await.expect(200)["targets"][1]["id"].clone();

    let patch = json!({"targets": [
        {"id": share, "name": "Tỷ lệ", "unit_of_measure": "%", "numerator_target_id": new, "denominator": 8},
        {"id": new, "name": "Mới", "unit_of_measure": "văn bản"},
    ]});
    let changed = app.patch(&url).caller(&app.admin).json(patch).await.expect(200);

    assert_eq!(changed["targets"].as_array().unwrap().len(), 2);
    assert_eq!(changed["targets"][0]["numerator_target_id"], json!(new));
}

#[actix_web::test]
async fn null_empties_a_list_and_is_refused_where_there_is_always_a_value() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ Khối").await;
    let draft = app
        .draft_campaign(
            &unit,
            json!({"criteria": ["Có internet"], "audience": {"unit_ids": [unit.id]},
            "phases": [{"name": "1", "starts_on": "2026-01-01", "ends_on": "2026-03-31"}],
            "milestones": [{"name": "Giỗ Tổ", "on": "03-10", "is_lunar": true}]}),
        )
        .await;
    let url = format!("/v1/campaigns/{}", draft.id);

    let refused = json!({"kind": null, "title": null, "starts_on": null, "ends_on": null});
    app.patch(&url).caller(&app.admin).json(refused).await.has_faults(&[
        ("/kind", "wrong_type"),
        ("/kind", "not_one_of"),
        ("/title", "wrong_type"),
        ("/starts_on", "wrong_type"),
        ("/ends_on", "wrong_type"),
    ]);
    let cleared = json!({"criteria": null, "audience": null, "phases": null, "milestones": null, "targets": null});
    let changed = app.patch(&url).caller(&app.admin).json(cleared).await.expect(200);

    for list in ["criteria", "phases", "milestones", "targets"] {
        assert_eq!(changed[list], json!([]), "{list}");
    }
    assert_eq!(changed["audience"], json!({"unit_kinds": [], "unit_ids": [], "cluster_ids": []}));
}

#[actix_web::test]
async fn a_criterion_says_something_in_so_many_words() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ Khối").await;
    let draft = app.draft_campaign_of(&unit).await;
    let patch = json!({"criteria": ["", "x".repeat(1001), "Có internet"]});

    let answer = app.patch(format!("/v1/campaigns/{}", draft.id)).caller(&app.admin).json(patch).await;

    answer.has_faults(&[("/criteria/0", "too_short"), ("/criteria/1", "too_long")]);
}

#[actix_web::test]
async fn words_are_no_patterns() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ 100% chuyển đổi số").await;
    app.member_named(&unit, "Lê Thị Hoa").await;
    app.draft_campaign(&unit, json!({"title": "Ký số 100% văn bản"})).await;
    app.draft_campaign(&unit, json!({"title": "Trồng cây"})).await;

    for (list, found) in [("campaigns", 1), ("units", 1), ("members", 0)] {
        let ask = async |words: &str| {
            let url = format!("/v1/{list}?q={words}");
            app.get(url).caller(&app.admin).await.expect(200)["items"].as_array().unwrap().len()
        };
        assert_eq!((ask("00%25").await, ask("_").await, ask("%25_%25").await), (found, 0, 0), "{list}");
    }
}

/// On SQLite there is one writer, so there is nothing to wait for.
#[actix_web::test]
async fn closing_waits_for_whoever_counts_on_the_campaign() {
    use sea_orm::{ConnectionTrait as _, DbBackend, EntityTrait as _, QuerySelect as _, sea_query};
    use thidua::{campaigns::campaigns, db::Actor, entity::campaign, kit::values::CampaignId};
    let app = TestApp::start().await;
    if app.app.db.backend() == DbBackend::Sqlite {
        return;
    }
    let unit = app.unit("Đảng bộ Khối").await;
    let id = CampaignId(app.campaign_of(&unit).await.id.parse().unwrap());

    let checking_in = app.app.db.begin(app.clock.now(), Actor::system()).await.unwrap();
    campaigns::find_running(&checking_in, id).await.unwrap();
    let closing = app.app.db.begin(app.clock.now(), Actor::system()).await.unwrap();
    let lock = campaign::Entity::find_by_id(id)
        .lock_with_behavior(sea_query::LockType::Update, sea_query::LockBehavior::Nowait)
        .one(&closing)
        .await;

    assert!(lock.unwrap_err().to_string().contains("could not obtain lock"));
    assert_eq!(closing.get_database_backend(), DbBackend::Postgres);
    closing.roll_back().await.unwrap();
    checking_in.roll_back().await.unwrap();
}

#[actix_web::test]
async fn what_a_new_campaign_refers_to_and_its_days_are_judged_at_once() {
    let app = TestApp::start().await;
    let nothing = uuid::Uuid::now_v7();
    let new = json!({"kind": "regular", "title": "Trồng cây", "starts_on": "2026-04-01", "ends_on": "2026-03-01",
        "launched_by_unit_id": nothing, "audience": {"unit_ids": [nothing], "cluster_ids": [nothing]}});

    let answer = app.post("/v1/campaigns").caller(&app.admin).json(new).await;

    answer.has_faults(&[
        ("/launched_by_unit_id", "no_such_thing"),
        ("/ends_on", "ends_before_start"),
        ("/audience/unit_ids/0", "no_such_thing"),
        ("/audience/cluster_ids/0", "no_such_thing"),
    ]);
}
