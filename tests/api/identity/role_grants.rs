//! `/v1/role-grants`

use serde_json::json;

use crate::harness::{TestApp, text};

#[actix_web::test]
async fn taking_back_a_role_twice_rewrites_nothing_and_one_that_is_to_come_never_holds() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ 1").await;
    let member = app.member_of(&unit).await;
    let grant = async |from: &str, to: &str| {
        let new =
            json!({"member_id": member.id, "role": "editor", "unit_id": unit.id, "valid_from": from, "valid_to": to});
        text(&app.post("/v1/role-grants").caller(&app.admin).json(new).await.expect(201)["id"])
    };
    let (ended, coming) = (grant("2026-01-01", "2026-02-01").await, grant("2026-06-01", "2026-09-01").await);

    for id in [&ended, &coming, &coming] {
        app.delete(format!("/v1/role-grants/{id}")).caller(&app.admin).await.expect(204);
    }

    let listed = app.get(format!("/v1/role-grants?member_id={}", member.id)).caller(&app.admin).await.expect(200);
    let period = |id: &str| {
        let found = listed["items"].as_array().unwrap().iter().find(|grant| grant["id"] == id).unwrap();
        (text(&found["valid_from"]), text(&found["valid_to"]))
    };
    assert_eq!(period(&ended), ("2026-01-01".to_owned(), "2026-02-01".to_owned()));
    assert_eq!(period(&coming), ("2026-06-01".to_owned(), "2026-06-01".to_owned()));
}

#[actix_web::test]
async fn nobody_who_is_erased_gets_a_role_and_a_manager_learns_of_nobody_hidden() {
    let app = TestApp::start().await;
    let (unit, elsewhere) = (app.unit("Chi bộ 1").await, app.unit("Chi bộ 2").await);
    let (manager, hidden, erased) =
        (app.manager_of(&unit).await, app.member_of(&elsewhere).await, app.member_of(&unit).await);
    app.delete("/v1/me").caller(&erased).await.expect(204);
    let nobody = thidua::kit::ids::MemberId::new().to_string();
    let grant = async |caller: &crate::harness::Person, member: &str| {
        let new = json!({"member_id": member, "role": "editor", "unit_id": unit.id});
        app.post("/v1/role-grants").caller(caller).json(new).await
    };

    for member in [&hidden.id, &erased.id, &nobody] {
        grant(&manager, member).await.has_faults(&[("/member_id", "no_such_thing")]);
    }
    grant(&app.admin, &erased.id).await.has_faults(&[("/member_id", "no_such_thing")]);
    grant(&app.admin, &hidden.id).await.expect(201);
}
