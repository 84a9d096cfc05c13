//! `/v1/members`

use serde_json::{Value, json};

use crate::harness::{Person, TestApp, Unit};

async fn make(app: &TestApp, unit: &Unit, name: &str) -> String {
    let new = json!({"display_name": name, "home_unit_id": unit.id, "member_since": "2020-01-01"});
    app.post("/v1/members").caller(&app.admin).json(new).await.expect(201)["id"].as_str().unwrap().to_owned()
}

async fn names(app: &TestApp, caller: &Person, query: &str) -> Vec<String> {
    let page = app.get(format!("/v1/members?{query}")).caller(caller).await.expect(200);
    let items = page["items"].as_array().unwrap().iter();
    items.map(|item| item["display_name"].as_str().unwrap().to_owned()).collect()
}

async fn audited(app: &TestApp, action: &str) -> usize {
    use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
    use thidua::entity::audit_row::{Column, Entity};
    Entity::find().filter(Column::Action.eq(action)).all(app.app.db.reads()).await.unwrap().len()
}

#[actix_web::test]
async fn names_are_listed_in_the_vietnamese_order_page_by_page() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ 1").await;
    let sorted = [
        "Trần Văn An",
        "Lê Thị Ánh",
        "Đỗ Văn Ân",
        "Bùi Thị Dung",
        "Lê Thị Đào",
        "Y Đức",
        "Phạm Văn Đức",
        "Võ Hoà",
        "Vũ Hoá",
    ];
    for name in sorted.iter().rev() {
        make(&app, &unit, name).await;
    }

    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let url = format!("/v1/members?unit_id={}&limit=2{cursor}", unit.id);
        let page = app.get(url).caller(&app.admin).await.expect(200);
        found.extend(
            page["items"].as_array().unwrap().iter().map(|item| item["display_name"].as_str().unwrap().to_owned()),
        );
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }

    let expected = [
        "Trần Văn An",
        "Lê Thị Ánh",
        "Đỗ Văn Ân",
        "Bùi Thị Dung",
        "Lê Thị Đào",
        "Phạm Văn Đức",
        "Y Đức",
        "Võ Hoà",
        "Vũ Hoá",
    ];
    assert_eq!(found, expected);
}

#[actix_web::test]
async fn the_cursor_after_the_longest_name_is_accepted() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ 1").await;
    for _ in 0..2 {
        make(&app, &unit, &"Ữ".repeat(100)).await;
    }

    let first = app.get(format!("/v1/members?unit_id={}&limit=1", unit.id)).caller(&app.admin).await.expect(200);

    let next = first["next_cursor"].as_str().unwrap();
    let url = format!("/v1/members?unit_id={}&limit=1&cursor={next}", unit.id);
    assert_eq!(app.get(url).caller(&app.admin).await.expect(200)["items"].as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn a_name_is_found_by_the_beginnings_of_its_words_with_or_without_marks() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ 1").await;
    for name in ["Đặng Thị Phượng", "Đặng Văn Phước", "K'Brêo"] {
        make(&app, &unit, name).await;
    }

    let find = async |words: &str| names(&app, &app.admin, &format!("unit_id={}&q={words}", unit.id)).await;

    assert_eq!(find("dang%20phu").await, ["Đặng Văn Phước", "Đặng Thị Phượng"]);
    assert_eq!(find("%C4%90%E1%BA%B7ng%20th%E1%BB%8B").await, ["Đặng Thị Phượng"]);
    assert_eq!(find("breo").await, ["K'Brêo"]);
    assert!(find("hong").await.is_empty());
    assert!(find("%25").await.is_empty());
}

#[actix_web::test]
async fn the_private_part_is_for_the_member_and_their_managers_and_each_look_of_theirs_is_written_down() {
    let app = TestApp::start().await;
    let (unit, other) = (app.unit("Chi bộ 1").await, app.unit("Chi bộ 2").await);
    let new = json!({"display_name": "Nguyễn Thị Mẫu", "home_unit_id": unit.id, "phone": "0912 345 678"});
    let made = app.post("/v1/members").caller(&app.admin).json(new).await.expect(201);
    let member = app.sign_in(made["id"].as_str().unwrap()).await;
    let (colleague, manager, stranger) =
        (app.member_of(&unit).await, app.manager_of(&unit).await, app.manager_of(&other).await);
    let look = async |caller: &Person| app.get(format!("/v1/members/{}", member.id)).caller(caller).await;

    let private = |answer: Value| answer.get("private").cloned();
    let whole = json!({"phone": "+84912345678", "email": null, "code": null});
    assert_eq!(private(look(&member).await.expect(200)), Some(whole.clone()));
    assert_eq!(private(look(&colleague).await.expect(200)), None);
    // Whoever made them was shown them: two members and two managers.
    assert_eq!(audited(&app, "read_member_private").await, 4);
    assert_eq!(private(look(&manager).await.expect(200)), Some(whole.clone()));
    assert_eq!(private(look(&app.admin).await.expect(200)), Some(whole));
    look(&stranger).await.is_problem(404, "not_found");
    assert_eq!(audited(&app, "read_member_private").await, 6);
}

#[actix_web::test]
async fn a_manager_changes_members_of_their_own_units_and_loses_no_race() {
    let app = TestApp::start().await;
    let (unit, other) = (app.unit("Chi bộ 1").await, app.unit("Chi bộ 2").await);
    let member = make(&app, &unit, "Nguyễn Văn Cũ").await;
    let (manager, editor, stranger) =
        (app.manager_of(&unit).await, app.editor_of(&unit).await, app.manager_of(&other).await);
    let url = format!("/v1/members/{member}");
    let tag = app.get(&url).caller(&manager).await.header("etag").unwrap().to_owned();
    let change = json!({"display_name": "  Nguyễn  Văn Mới ", "phone": "+84 912 345 678", "email": "Moi@Example.vn"});
    let patch = |caller: &Person| app.patch(&url).caller(caller).header("If-Match", &tag).json(change.clone());

    let changed = patch(&manager).await.expect(200);

    assert_eq!(changed["display_name"], "Nguyễn Văn Mới");
    assert_eq!(names(&app, &manager, "q=moi").await, ["Nguyễn Văn Mới"]);
    assert!(names(&app, &manager, "q=cu").await.is_empty());
    let found = app.get(&url).caller(&manager).await.expect(200);
    assert_eq!(found["private"], json!({"phone": "+84912345678", "email": "moi@example.vn", "code": null}));
    patch(&manager).await.is_problem(412, "precondition_failed");
    patch(&editor).await.is_problem(403, "forbidden");
    patch(&stranger).await.is_problem(404, "not_found");
    app.patch(&url).caller(&manager).json(json!({"phone": null})).await.expect(200);
    assert_eq!(app.get(&url).caller(&manager).await.expect(200)["private"]["phone"], json!(null));
    assert_eq!(audited(&app, "update_member").await, 2);
}

#[actix_web::test]
async fn a_phone_number_is_one_members_and_every_fault_is_named() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ 1").await;
    let (one, two) = (make(&app, &unit, "Một").await, make(&app, &unit, "Hai").await);
    let patch =
        async |id: &str, body: Value| app.patch(format!("/v1/members/{id}")).caller(&app.admin).json(body).await;
    patch(&one, json!({"phone": "0912345678"})).await.expect(200);

    let taken = patch(&two, json!({"phone": "0912345678"})).await.is_problem(409, "already_exists");
    assert_eq!((&taken["errors"][0]["pointer"], &taken["errors"][0]["code"]), (&json!("/phone"), &json!("taken")));
    assert_eq!(audited(&app, "learn_phone_taken").await, 1);
    patch(&two, json!({"phone": "0212345678", "email": "not an address"}))
        .await
        .has_faults(&[("/phone", "wrong_format"), ("/email", "wrong_format")]);
    patch(&two, json!({"display_name": "   ", "phone": "1"}))
        .await
        .has_faults(&[("/display_name", "too_short"), ("/phone", "too_short")]);
    patch(&two, json!({"display_name": null, "colour": 1}))
        .await
        .has_faults(&[("/display_name", "wrong_type"), ("/colour", "unknown_field")]);
}

#[actix_web::test]
async fn a_manager_does_not_decide_how_staff_and_holders_of_other_roles_are_reached() {
    let app = TestApp::start().await;
    let (unit, other) = (app.unit("Chi bộ 1").await, app.unit("Chi bộ 2").await);
    let (manager, editor) = (app.manager_of(&unit).await, app.editor_of(&unit).await);
    let above = app.member_of(&unit).await;
    let grant = json!({"member_id": above.id, "role": "unit_manager", "unit_id": other.id});
    app.post("/v1/role-grants").caller(&app.admin).json(grant).await.expect(201);
    let patch = async |caller: &Person, id: &str, body: Value| {
        app.patch(format!("/v1/members/{id}")).caller(caller).json(body).await
    };

    patch(&manager, &above.id, json!({"phone": "0912345678"})).await.is_problem(403, "forbidden");
    patch(&manager, &above.id, json!({"email": null})).await.is_problem(403, "forbidden");
    patch(&manager, &above.id, json!({"display_name": "Tên Mới"})).await.expect(200);
    patch(&manager, &editor.id, json!({"phone": "0912345679"})).await.expect(200);
    patch(&app.admin, &above.id, json!({"phone": "0912345678"})).await.expect(200);
}

#[actix_web::test]
async fn since_when_somebody_is_a_member_a_manager_says_as_an_admin_does() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Một").await;
    let manager = app.manager_of(&unit).await;

    for (since, status) in [("1990-01-01", 201), ("2026-03-10", 201), ("2027-01-01", 201), ("9999-12-31", 422)] {
        let new = json!({"display_name": "Nguyễn Thị Mẫu", "home_unit_id": unit.id, "member_since": since});
        for caller in [&app.admin, &manager] {
            let answer = app.post("/v1/members").caller(caller).json(new.clone()).await;
            assert_eq!(answer.status, status, "{since} {}", answer.text());
        }
    }
}

#[actix_web::test]
async fn every_fault_of_a_new_member_is_named_at_once() {
    let app = TestApp::start().await;
    let nowhere = uuid::Uuid::now_v7();
    let new = json!({"display_name": "Nguyễn Thị Mẫu", "home_unit_id": nowhere, "phone": "012 345 6789 0"});

    let answer = app.post("/v1/members").caller(&app.admin).json(new).await;

    answer.has_faults(&[("/phone", "wrong_format"), ("/home_unit_id", "no_such_thing")]);
}
