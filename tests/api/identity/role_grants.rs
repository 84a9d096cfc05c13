//! `/v1/role-grants`

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::{Person, TestApp, text};

#[actix_web::test]
async fn a_role_that_has_ended_is_not_there_to_be_taken_back_and_one_that_is_to_come_never_holds() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ 1").await;
    let member = app.member_of(&unit).await;
    let grant = async |from: &str, to: &str| {
        let new =
            json!({"member_id": member.id, "role": "editor", "unit_id": unit.id, "valid_from": from, "valid_to": to});
        text(&app.post("/v1/role-grants").caller(&app.admin).json(new).await.expect(201)["id"])
    };
    let revoke = |id: &str| app.delete(format!("/v1/role-grants/{id}")).caller(&app.admin);
    let (ended, running, coming) = (
        grant("2026-01-01", "2026-02-01").await,
        grant("2026-02-01", "2026-05-01").await,
        grant("2026-06-01", "2026-09-01").await,
    );

    revoke(&ended).await.is_problem(404, "not_found");
    for id in [&running, &coming] {
        revoke(id).await.expect(204);
        revoke(id).await.is_problem(404, "not_found");
    }

    let listed = app.get(format!("/v1/role-grants?member_id={}", member.id)).caller(&app.admin).await.expect(200);
    let period = |id: &str| {
        let found = listed["items"].as_array().unwrap().iter().find(|grant| grant["id"] == id).unwrap();
        (text(&found["valid_from"]), text(&found["valid_to"]))
    };
    assert_eq!(period(&ended), ("2026-01-01".to_owned(), "2026-02-01".to_owned()));
    assert_eq!(period(&running), ("2026-02-01".to_owned(), "2026-03-10".to_owned()));
    assert_eq!(period(&coming), ("2026-06-01".to_owned(), "2026-06-01".to_owned()));
    assert_eq!(app.count("SELECT id FROM audit_row WHERE action = 'revoke_role'"), 2);
}

#[actix_web::test]
async fn nobody_holds_the_same_role_twice_on_any_day() {
    let app = TestApp::start().await;
    let (unit, other) = (app.unit("Chi bộ 1").await, app.unit("Chi bộ 2").await);
    let member = app.member_of(&unit).await;
    let grant = async |unit: &str, role: &str, from: &str, to: Value| {
        let new = json!({"member_id": member.id, "role": role, "unit_id": unit, "valid_from": from, "valid_to": to});
        app.post("/v1/role-grants").caller(&app.admin).json(new).await
    };
    let held = text(&grant(&unit.id, "editor", "2026-03-01", json!("2026-06-01")).await.expect(201)["id"]);

    for (from, to) in [("2026-03-10", json!(null)), ("2026-01-01", json!("2026-03-02")), ("2026-05-31", json!(null))] {
        let refused = grant(&unit.id, "editor", from, to).await.is_problem(409, "role_already_granted");
        assert!(text(&refused["detail"]).contains(&held), "{refused}");
    }
    grant(&unit.id, "editor", "2026-06-01", json!(null)).await.expect(201);
    grant(&unit.id, "unit_manager", "2026-03-10", json!(null)).await.expect(201);
    grant(&other.id, "editor", "2026-03-10", json!(null)).await.expect(201);
    app.delete(format!("/v1/role-grants/{held}")).caller(&app.admin).await.expect(204);
    grant(&unit.id, "editor", "2026-03-10", json!("2026-06-01")).await.expect(201);
}

#[actix_web::test]
async fn of_fifty_grants_of_the_same_role_at_once_one_is_made() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ 1").await;
    let member = app.member_of(&unit).await;

    let grants = (0..50).map(|_| {
        let new = json!({"member_id": member.id, "role": "unit_manager", "unit_id": unit.id});
        app.post("/v1/role-grants").caller(&app.admin).json(new)
    });
    let answers = join_all(grants.map(IntoFuture::into_future)).await;

    let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!(made.len(), 1);
    for answer in refused {
        answer.is_problem(409, "role_already_granted");
    }
}

#[actix_web::test]
async fn nobody_who_is_erased_gets_a_role_and_a_manager_learns_of_nobody_hidden() {
    let app = TestApp::start().await;
    let (unit, elsewhere) = (app.unit("Chi bộ 1").await, app.unit("Chi bộ 2").await);
    let (manager, hidden, erased) =
        (app.manager_of(&unit).await, app.member_of(&elsewhere).await, app.member_of(&unit).await);
    app.delete("/v1/me").caller(&erased).await.expect(204);
    let nobody = thidua::kit::values::ids::MemberId::new().to_string();
    let grant = async |caller: &Person, member: &str| {
        let new = json!({"member_id": member, "role": "editor", "unit_id": unit.id});
        app.post("/v1/role-grants").caller(caller).json(new).await
    };

    for member in [&hidden.id, &erased.id, &nobody] {
        grant(&manager, member).await.has_faults(&[("/member_id", "no_such_thing")]);
    }
    grant(&app.admin, &erased.id).await.has_faults(&[("/member_id", "no_such_thing")]);
    grant(&app.admin, &hidden.id).await.expect(201);
}

/// What `giver` is answered who gives this role over the unit to that member.
async fn give(
    app: &TestApp,
    giver: &Person,
    unit: &str,
    member: &str,
    role: &str,
    period: [Value; 2],
) -> crate::harness::Answer {
    let [from, to] = period;
    let new = json!({"member_id": member, "role": role, "unit_id": unit, "valid_from": from, "valid_to": to});
    app.post("/v1/role-grants").caller(giver).json(new).await
}

#[actix_web::test]
async fn a_manager_gives_no_role_for_longer_than_they_manage_and_none_to_themselves() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ 1").await;
    let below = app.unit_under(&unit, "Tổ 1").await;
    let (manager, member) = (app.member_of(&unit).await, app.member_of(&unit).await);
    // Two roles that follow one another, and one after a gap.
    for (from, to) in [("2026-03-05", "2026-03-11"), ("2026-03-11", "2026-03-20"), ("2026-04-01", "2026-05-01")] {
        let period = [json!(from), json!(to)];
        give(&app, &app.admin, &unit.id, &manager.id, "unit_manager", period).await.expect(201);
    }

    let own = give(&app, &manager, &unit.id, &manager.id, "unit_manager", [json!("2026-03-11"), json!(null)]).await;
    let endless = give(&app, &manager, &below.id, &member.id, "editor", [json!(null), json!(null)]).await;
    let over_the_gap = give(&app, &manager, &unit.id, &member.id, "editor", [json!(null), json!("2026-04-02")]).await;
    let too_early =
        give(&app, &manager, &unit.id, &member.id, "editor", [json!("2026-03-04"), json!("2026-03-20")]).await;
    let all_of_it =
        give(&app, &manager, &below.id, &member.id, "editor", [json!("2026-03-05"), json!("2026-03-20")]).await;

    own.has_faults(&[("/member_id", "not_allowed"), ("/valid_to", "beyond_own_role")]);
    endless.has_faults(&[("/valid_to", "beyond_own_role")]);
    over_the_gap.has_faults(&[("/valid_to", "beyond_own_role")]);
    too_early.has_faults(&[("/valid_from", "beyond_own_role")]);
    all_of_it.expect(201);
}

#[actix_web::test]
async fn a_manager_takes_back_what_they_gave_and_what_is_held_below_and_dismisses_nobody_beside_them() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ 1").await;
    let below = app.unit_under(&unit, "Tổ 1").await;
    let (manager, peer, member) = (app.manager_of(&unit).await, app.member_of(&unit).await, app.member_of(&unit).await);
    let grant = async |giver: &Person, unit: &str, member: &str, role: &str| {
        text(&give(&app, giver, unit, member, role, [json!(null), json!(null)]).await.expect(201)["id"])
    };
    let beside = grant(&app.admin, &unit.id, &peer.id, "unit_manager").await;
    let given = grant(&manager, &unit.id, &member.id, "editor").await;
    let under = grant(&app.admin, &below.id, &member.id, "unit_manager").await;

    app.delete(format!("/v1/role-grants/{beside}")).caller(&manager).await.is_problem(403, "forbidden");
    app.delete(format!("/v1/role-grants/{given}")).caller(&peer).await.is_problem(403, "forbidden");
    app.delete(format!("/v1/role-grants/{given}")).caller(&manager).await.expect(204);
    app.delete(format!("/v1/role-grants/{under}")).caller(&manager).await.expect(204);
}

#[actix_web::test]
async fn every_fault_of_a_new_grant_is_named_at_once() {
    let app = TestApp::start().await;
    let nothing = uuid::Uuid::now_v7();
    let new = json!({"member_id": nothing, "role": "editor", "unit_id": nothing,
        "valid_from": "2026-03-10", "valid_to": "2026-03-09"});

    let answer = app.post("/v1/role-grants").caller(&app.admin).json(new).await;

    let faults = [("/member_id", "no_such_thing"), ("/unit_id", "no_such_thing"), ("/valid_to", "ends_before_start")];
    answer.has_faults(&faults);
}

#[actix_web::test]
async fn a_grant_is_found_where_it_was_made_and_taken_back_as_it_was_seen() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ 1").await;
    let (member, stranger) = (app.member_of(&unit).await, app.member_of(&app.unit("Chi bộ 2").await).await);
    let new = json!({"member_id": member.id, "role": "editor", "unit_id": unit.id});
    let made = app.post("/v1/role-grants").caller(&app.admin).json(new).await;
    let (url, tag) = (made.header("location").unwrap().to_owned(), made.header("etag").unwrap().to_owned());

    let found = app.get(&url).caller(&member).await;

    assert_eq!((found.expect(200), found.header("etag")), (made.expect(201), Some(tag.as_str())));
    app.get(&url).caller(&stranger).await.is_problem(404, "not_found");
    let revoke = |tag: &str| app.delete(&url).caller(&app.admin).header("If-Match", tag);
    revoke("\"0123456789abcdef\"").await.is_problem(412, "precondition_failed");
    revoke(&tag).await.expect(204);
    assert_ne!(app.get(&url).caller(&member).await.header("etag"), Some(tag.as_str()));
}
