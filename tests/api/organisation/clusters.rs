//! `/v1/clusters`

use serde_json::{Value, json};

use crate::harness::{TestApp, Unit, text};

async fn units(app: &TestApp) -> (Unit, Unit, Unit, Unit) {
    let top = app.unit("Đảng bộ tỉnh").await;
    let (one, two) = (app.unit_under(&top, "Một").await, app.unit_under(&top, "Hai").await);
    let three = app.unit_under(&top, "Ba").await;
    (top, one, two, three)
}

fn new(one: &Unit, two: &Unit) -> Value {
    json!({"name": "Cụm thi đua số 1", "year": 2026, "motto": "Đoàn kết", "unit_ids": [one.id, two.id],
        "head_unit_id": one.id, "flag_unit_id": two.id, "signed_on": "2026-02-03"})
}

#[actix_web::test]
async fn a_cluster_has_units_a_head_and_a_flag_for_a_year() {
    let app = TestApp::start().await;
    let (_, one, two, _) = units(&app).await;

    let made = app.post("/v1/clusters").caller(&app.admin).json(new(&one, &two)).await.expect(201);

    let found = app.get(format!("/v1/clusters/{}", text(&made["id"]))).caller(&app.admin).await.expect(200);
    assert_eq!(found, made);
    assert_eq!(found["unit_ids"], json!([one.id, two.id]));
    assert_eq!(found["head_unit_id"], one.id);
    assert_eq!(found["heads"], json!([{"unit_id": one.id, "name": "Một", "from": "2026-01-01", "to": "2027-01-01"}]));
    assert_eq!(found["flag_holdings"], json!([{"unit_id": two.id, "name": "Hai", "from": "2026-02-03", "to": null}]));
}

#[actix_web::test]
async fn the_flag_is_passed_on_and_its_history_stays() {
    let app = TestApp::start().await;
    let (_, one, two, three) = units(&app).await;
    let made = app.post("/v1/clusters").caller(&app.admin).json(new(&one, &two)).await;
    let url = format!("/v1/clusters/{}", text(&made.expect(201)["id"]));
    let patch = |body: Value| app.patch(&url).caller(&app.admin).json(body);

    let passed = patch(json!({"flag_unit_id": one.id, "head_unit_id": two.id, "on": "2026-07-01"})).await.expect(200);

    assert_eq!(
        passed["flag_holdings"],
        json!([{"unit_id": two.id, "name": "Hai", "from": "2026-02-03", "to": "2026-07-01"},
            {"unit_id": one.id, "name": "Một", "from": "2026-07-01", "to": null}])
    );
    assert_eq!(passed["head_unit_id"], one.id);
    assert_eq!(passed["heads"][1]["unit_id"], two.id);
    let left = patch(json!({"unit_ids": [two.id, three.id], "on": "2026-08-01"})).await.expect(200);
    assert_eq!(left["units"].as_array().unwrap().len(), 3);
    assert_eq!(left["flag_holdings"][1]["to"], "2026-08-01");
    let stale = app.patch(&url).caller(&app.admin).header("If-Match", made.header("etag").unwrap());
    stale.json(json!({"name": "Khác"})).await.is_problem(412, "precondition_failed");
}

#[actix_web::test]
async fn a_handover_that_is_entered_late_leaves_the_later_ones() {
    let app = TestApp::start().await;
    let (_, one, two, _) = units(&app).await;
    let made = app.post("/v1/clusters").caller(&app.admin).json(new(&one, &two)).await.expect(201);
    let url = format!("/v1/clusters/{}", text(&made["id"]));
    let patch = |body: Value| app.patch(&url).caller(&app.admin).json(body);
    patch(json!({"flag_unit_id": one.id, "head_unit_id": two.id, "on": "2026-03-05"})).await.expect(200);

    let late = patch(json!({"flag_unit_id": null, "head_unit_id": null, "on": "2026-02-20"})).await.expect(200);

    let stays = |list: &str| -> Vec<_> {
        let stays = late[list].as_array().unwrap().iter();
        stays.map(|stay| (text(&stay["unit_id"]), text(&stay["from"]), stay["to"].clone())).collect()
    };
    let stay = |unit: &Unit, from: &str, to: Value| (unit.id.clone(), from.to_owned(), to);
    let flags = [stay(&two, "2026-02-03", json!("2026-02-20")), stay(&one, "2026-03-05", json!(null))];
    assert_eq!(stays("flag_holdings"), flags);
    let heads = [stay(&one, "2026-01-01", json!("2026-02-20")), stay(&two, "2026-03-05", json!("2027-01-01"))];
    assert_eq!(stays("heads"), heads);
}

#[actix_web::test]
async fn clusters_are_listed_by_year_and_by_unit() {
    let app = TestApp::start().await;
    let (_, one, two, three) = units(&app).await;
    let first = app.post("/v1/clusters").caller(&app.admin).json(new(&one, &two)).await.expect(201);
    let mut later = new(&two, &three);
    later["year"] = json!(2027);
    let later = app.post("/v1/clusters").caller(&app.admin).json(later).await.expect(201);
    let member = app.member_of(&one).await;
    let list = async |query: &str| {
        let page = app.get(format!("/v1/clusters{query}")).caller(&member).await.expect(200);
        page["items"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect::<Vec<_>>()
    };

    assert_eq!(list("").await, [later["id"].clone(), first["id"].clone()]);
    assert_eq!(list("?year=2026").await, [first["id"].clone()]);
    assert_eq!(list(&format!("?unit_id={}", three.id)).await, [later["id"].clone()]);
    assert_eq!(list(&format!("?year=2027&unit_id={}", one.id)).await, Vec::<Value>::new());
}

#[actix_web::test]
async fn every_fault_of_a_cluster_is_named_at_once() {
    let app = TestApp::start().await;
    let (_, one, two, three) = units(&app).await;
    let body = json!({"name": "Cụm", "year": 2026, "unit_ids": [one.id, one.id, uuid::Uuid::now_v7()],
        "head_unit_id": two.id, "flag_unit_id": three.id});

    app.post("/v1/clusters").caller(&app.admin).json(body).await.has_faults(&[
        ("/unit_ids/1", "duplicate"),
        ("/unit_ids/2", "no_such_thing"),
        ("/head_unit_id", "no_such_thing"),
        ("/flag_unit_id", "no_such_thing"),
    ]);
    let made = app.post("/v1/clusters").caller(&app.admin).json(new(&one, &two)).await.expect(201);
    app.patch(format!("/v1/clusters/{}", text(&made["id"])))
        .caller(&app.admin)
        .json(json!({"on": "2027-01-01", "head_unit_id": three.id}))
        .await
        .has_faults(&[("/on", "out_of_range"), ("/head_unit_id", "no_such_thing")]);
}

#[actix_web::test]
async fn a_cluster_takes_whoever_manages_all_its_units() {
    let app = TestApp::start().await;
    let (top, one, two, _) = units(&app).await;
    let (of_one, of_top) = (app.manager_of(&one).await, app.manager_of(&top).await);

    app.post("/v1/clusters").caller(&of_one).json(new(&one, &two)).await.is_problem(403, "forbidden");
    let made = app.post("/v1/clusters").caller(&of_top).json(new(&one, &two)).await.expect(201);
    let url = format!("/v1/clusters/{}", text(&made["id"]));
    app.patch(&url).caller(&of_one).json(json!({"name": "Khác"})).await.is_problem(403, "forbidden");
    app.patch(&url).caller(&of_top).json(json!({"name": "Khác"})).await.expect(200);
}

#[actix_web::test]
async fn a_merged_unit_leaves_its_place_and_its_flag_to_the_other() {
    let app = TestApp::start().await;
    let (_, one, two, three) = units(&app).await;
    let made = app.post("/v1/clusters").caller(&app.admin).json(new(&one, &two)).await.expect(201);

    let merge = json!({"into_unit_id": three.id, "on": "2026-05-01"});
    app.post(format!("/v1/units/{}/merge", two.id)).caller(&app.admin).json(merge).await.expect(200);

    let found = app.get(format!("/v1/clusters/{}", text(&made["id"]))).caller(&app.admin).await.expect(200);
    let places: Vec<_> =
        found["units"].as_array().unwrap().iter().map(|one| (text(&one["unit_id"]), text(&one["to"]))).collect();
    assert_eq!(
        places,
        [(one.id, "2027-01-01".into()), (two.id.clone(), "2026-05-01".into()), (three.id.clone(), "2027-01-01".into())]
    );
    assert_eq!(found["flag_holdings"][0]["to"], "2026-05-01");
    assert_eq!(found["flag_holdings"][1]["unit_id"], three.id);
}

#[actix_web::test]
async fn a_merge_or_an_end_of_a_unit_is_a_change_of_its_clusters() {
    let app = TestApp::start().await;
    let (_, one, two, three) = units(&app).await;
    let made = app.post("/v1/clusters").caller(&app.admin).json(new(&one, &two)).await;
    let url = format!("/v1/clusters/{}", text(&made.expect(201)["id"]));
    let mut tags = vec![made.header("etag").unwrap().to_owned()];

    let merge = json!({"into_unit_id": three.id, "on": "2026-05-01"});
    app.post(format!("/v1/units/{}/merge", two.id)).caller(&app.admin).json(merge).await.expect(200);
    tags.push(app.get(&url).caller(&app.admin).await.header("etag").unwrap().to_owned());
    app.delete(format!("/v1/units/{}?on=2026-06-01", one.id)).caller(&app.admin).await.expect(204);

    for tag in &tags {
        let stale = app.patch(&url).caller(&app.admin).header("If-Match", tag).json(json!({"name": "Khác"})).await;
        stale.is_problem(412, "precondition_failed");
    }
    assert_ne!(tags[0], tags[1]);
}

#[actix_web::test]
async fn a_unit_is_in_a_cluster_only_while_it_lives() {
    let app = TestApp::start().await;
    let (top, one, _, three) = units(&app).await;
    let young = json!({"name": "Trẻ", "kind": "party_cell", "parent_id": top.id, "valid_from": "2026-03-01"});
    let young = Unit { id: text(&app.post("/v1/units").caller(&app.admin).json(young).await.expect(201)["id"]) };
    let renamed = json!({"name": "Trẻ Mới"});
    app.patch(format!("/v1/units/{}", young.id)).caller(&app.admin).json(renamed).await.expect(200);
    app.delete(format!("/v1/units/{}?on=2026-06-01", one.id)).caller(&app.admin).await.expect(204);
    let stays = |cluster: &Value| {
        let units = cluster["units"].as_array().unwrap();
        let mut stays: Vec<_> =
            units.iter().map(|one| (text(&one["unit_id"]), text(&one["from"]), text(&one["to"]))).collect();
        stays.sort();
        stays
    };
    let sorted = |mut stays: Vec<(String, String, String)>| {
        stays.sort();
        stays
    };
    let stay = |unit: &Unit, from: &str, to: &str| (unit.id.clone(), from.to_owned(), to.to_owned());

    let mut body = new(&one, &young);
    body["flag_unit_id"] = json!(one.id);
    let made = app.post("/v1/clusters").caller(&app.admin).json(body).await.expect(201);

    let of_year = [stay(&one, "2026-01-01", "2026-06-01"), stay(&young, "2026-03-01", "2027-01-01")];
    assert_eq!(stays(&made), sorted(of_year.to_vec()));
    assert_eq!(
        (&made["heads"][0]["to"], &made["flag_holdings"][0]["to"]),
        (&json!("2026-06-01"), &json!("2026-06-01"))
    );
    let url = format!("/v1/clusters/{}", text(&made["id"]));
    app.delete(format!("/v1/units/{}?on=2026-08-01", three.id)).caller(&app.admin).await.expect(204);
    let wider = json!({"unit_ids": [one.id, young.id, three.id], "on": "2026-04-01"});
    let wider = app.patch(&url).caller(&app.admin).json(wider).await.expect(200);
    let [first, second] = of_year;
    assert_eq!(stays(&wider), sorted(vec![first, second, stay(&three, "2026-04-01", "2026-08-01")]));
}

#[actix_web::test]
async fn the_past_of_a_cluster_is_for_admins() {
    let app = TestApp::start().await;
    let (top, one, two, _) = units(&app).await;
    let manager = app.manager_of(&top).await;
    let mut past = new(&one, &two);
    past["year"] = json!(2025);
    let post = |caller| app.post("/v1/clusters").caller(caller).json(past.clone());

    post(&manager).await.has_faults(&[("/year", "in_past")]);
    let made = post(&app.admin).await.expect(201);
    let patch = |body: Value| app.patch(format!("/v1/clusters/{}", text(&made["id"]))).caller(&manager).json(body);
    patch(json!({"flag_unit_id": one.id})).await.has_faults(&[("/on", "in_past")]);
    patch(json!({"motto": "Sáng tạo"})).await.expect(200);
}
