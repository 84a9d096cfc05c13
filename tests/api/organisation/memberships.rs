//! `/v1/members/{id}/memberships` and `/v1/memberships/{id}`

use chrono::Duration;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use crate::harness::{Answer, Person, Request, TestApp, Unit, text};

fn post(app: &TestApp, caller: &Person, member: &Person, body: Value) -> Request {
    app.post(format!("/v1/members/{}/memberships", member.id)).caller(caller).json(body)
}

async fn list(app: &TestApp, caller: &Person, member: &Person) -> Answer {
    app.get(format!("/v1/members/{}/memberships", member.id)).caller(caller).await
}

/// (unit, kind, from, to) of each, the latest first.
async fn periods(app: &TestApp, member: &Person) -> Vec<(String, String, String, Value)> {
    let all = list(app, &app.admin, member).await.expect(200);
    all["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (text(&one["unit_id"]), text(&one["kind"]), text(&one["valid_from"]), one["valid_to"].clone()))
        .collect()
}

#[actix_web::test]
async fn a_new_home_ends_the_old_one_on_its_first_day() {
    let app = TestApp::start().await;
    let (one, two) = (app.unit("Một").await, app.unit("Hai").await);
    let member = app.member_of(&one).await;

    let made =
        post(&app, &app.admin, &member, json!({"kind": "home", "unit_id": two.id, "valid_from": "2026-04-01"})).await;

    let made = made.expect(201);
    assert_eq!((&made["unit_name"], &made["valid_to"]), (&json!("Hai"), &json!(null)));
    assert_eq!(
        periods(&app, &member).await,
        [
            (two.id.clone(), "home".into(), "2026-04-01".into(), json!(null)),
            (one.id.clone(), "home".into(), "2020-01-01".into(), json!("2026-04-01")),
        ]
    );
    let found = app.get(format!("/v1/members/{}", member.id)).caller(&app.admin).await.expect(200);
    assert_eq!(found["home_unit_id"], one.id);
    app.clock.advance(Duration::days(30));
    let admin = app.sign_in(&app.admin.id).await;
    let found = app.get(format!("/v1/members/{}", member.id)).caller(&admin).await.expect(200);
    assert_eq!(found["home_unit_id"], two.id);
}

#[actix_web::test]
async fn nobody_has_two_homes_on_any_day() {
    let app = TestApp::start().await;
    let (one, two) = (app.unit("Một").await, app.unit("Hai").await);
    let member = app.member_of(&one).await;
    post(&app, &app.admin, &member, json!({"kind": "home", "unit_id": two.id, "valid_from": "2026-04-01"}))
        .await
        .expect(201);

    // It would begin in the first one's time and reach into the second one's.
    let answer =
        post(&app, &app.admin, &member, json!({"kind": "home", "unit_id": one.id, "valid_from": "2026-03-20"})).await;

    answer.is_problem(409, "membership_overlap");
    let until_then = json!({"kind": "home", "unit_id": two.id, "valid_from": "2026-03-20", "valid_to": "2026-04-01"});
    post(&app, &app.admin, &member, until_then).await.expect(201);
    assert_eq!(periods(&app, &member).await.len(), 3);
}

#[actix_web::test]
async fn of_two_new_homes_at_once_one_waits_for_the_other() {
    let app = TestApp::start().await;
    let (one, two, three) = (app.unit("Một").await, app.unit("Hai").await, app.unit("Ba").await);
    let member = app.member_of(&one).await;
    let home = |unit: &Unit| post(&app, &app.admin, &member, json!({"kind": "home", "unit_id": unit.id}));

    let (first, second) = join(home(&two).into_future(), home(&three).into_future()).await;

    assert_eq!((first.status, second.status), (201, 201), "{} {}", first.text(), second.text());
    let today: Vec<_> = periods(&app, &member).await.into_iter().filter(|one| one.3.is_null()).collect();
    assert_eq!(today.len(), 1);
}

#[actix_web::test]
async fn a_temporary_place_stands_beside_the_home() {
    let app = TestApp::start().await;
    let (one, two) = (app.unit("Một").await, app.unit("Hai").await);
    let member = app.member_of(&one).await;
    let place = json!({"kind": "temporary", "unit_id": two.id, "valid_to": "2026-06-01"});

    post(&app, &app.admin, &member, place.clone()).await.expect(201);

    assert_eq!(periods(&app, &member).await.len(), 2);
    post(&app, &app.admin, &member, place).await.is_problem(409, "membership_overlap");
    let colleagues = app.get(format!("/v1/units/{}/members", two.id)).caller(&app.admin).await.expect(200);
    assert_eq!(colleagues["items"][0]["id"], member.id);
    let found = app.get(format!("/v1/units/{}", two.id)).caller(&app.admin).await.expect(200);
    assert_eq!(found["member_count"], 0);
}

#[actix_web::test]
async fn a_membership_is_ended_by_whoever_manages_its_unit() {
    let app = TestApp::start().await;
    let (one, two) = (app.unit("Một").await, app.unit("Hai").await);
    let (member, manager, other) = (app.member_of(&one).await, app.manager_of(&one).await, app.manager_of(&two).await);
    let all = list(&app, &member, &member).await.expect(200);
    let url = format!("/v1/memberships/{}", text(&all["items"][0]["id"]));
    let found = app.get(&url).caller(&manager).await;
    found.expect_ok();
    let end = || json!({"valid_to": "2026-03-31"});

    app.patch(&url).caller(&other).json(end()).await.is_problem(404, "not_found");
    app.patch(&url).caller(&member).json(end()).await.is_problem(403, "forbidden");
    app.patch(&url)
        .caller(&manager)
        .json(json!({"valid_to": "2026-03-09"}))
        .await
        .has_faults(&[("/valid_to", "in_past")]);
    let seen = found.header("etag").unwrap();
    let ended = app.patch(&url).caller(&manager).header("If-Match", seen).json(end()).await.expect(200);
    assert_eq!(ended["valid_to"], "2026-03-31");
    app.patch(&url)
        .caller(&manager)
        .header("If-Match", seen)
        .json(json!({"valid_to": null}))
        .await
        .is_problem(412, "precondition_failed");
    app.patch(&url).caller(&manager).json(json!({"valid_to": null})).await.expect(200);
}

#[actix_web::test]
async fn where_somebody_belongs_is_hidden_like_somebody_who_is_not_there() {
    let app = TestApp::start().await;
    let (one, two) = (app.unit("Một").await, app.unit("Hai").await);
    let (member, colleague, stranger) =
        (app.member_of(&one).await, app.member_of(&one).await, app.manager_of(&two).await);
    let nobody = Person { id: uuid::Uuid::now_v7().to_string(), token: String::new() };
    let bytes = |answer: &Answer| {
        let mut body = answer.json();
        body["request_id"] = json!("");
        body.to_string()
    };

    for caller in [&colleague, &stranger] {
        let hidden = list(&app, caller, &member).await;
        hidden.is_problem(404, "not_found");
        assert_eq!(bytes(&hidden), bytes(&list(&app, caller, &nobody).await));
    }
    let body = json!({"kind": "home", "unit_id": two.id});
    post(&app, &stranger, &member, body.clone()).await.is_problem(404, "not_found");
    post(&app, &stranger, &nobody, body).await.is_problem(404, "not_found");
}

#[actix_web::test]
async fn a_transfer_takes_whoever_manages_both_units() {
    let app = TestApp::start().await;
    let top = app.unit("Đảng bộ").await;
    let (one, two) = (app.unit_under(&top, "Một").await, app.unit_under(&top, "Hai").await);
    let (of_one, of_top) = (app.manager_of(&one).await, app.manager_of(&top).await);
    let member = app.member_of(&one).await;
    let body = || json!({"kind": "home", "unit_id": two.id});

    post(&app, &of_one, &member, body()).await.is_problem(403, "forbidden");
    post(&app, &of_top, &member, body()).await.expect(201);
}

#[actix_web::test]
async fn every_fault_of_a_new_membership_is_named_at_once() {
    let app = TestApp::start().await;
    let unit = app.unit("Một").await;
    let (member, manager) = (app.member_of(&unit).await, app.manager_of(&unit).await);
    let body = json!({"kind": "temporary", "unit_id": uuid::Uuid::now_v7(), "valid_from": "2026-03-01", "valid_to": "2026-02-01"});

    post(&app, &manager, &member, body).await.has_faults(&[
        ("/unit_id", "no_such_thing"),
        ("/valid_from", "in_past"),
        ("/valid_to", "ends_before_start"),
    ]);
}

#[actix_web::test]
async fn a_closed_home_is_no_place_for_a_second_one_in_the_database_either() {
    let app = TestApp::start().await;
    let (one, two) = (app.unit("Một").await, app.unit("Hai").await);
    let member = app.member_of(&one).await;
    post(&app, &app.admin, &member, json!({"kind": "home", "unit_id": two.id, "valid_from": "2026-03-15"}))
        .await
        .expect(201);
    let (member, two) = (member.id.parse().unwrap(), two.id.parse().unwrap());

    let into_the_past = app
        .app
        .change_as(thidua::db::Actor::system(), async |tx| {
            use sea_orm::{ActiveValue::Set, EntityTrait as _};
            use thidua::{
                entity::membership::MembershipKind,
                kit::values::{MemberId, MembershipId, UnitId},
            };
            let row = thidua::entity::membership::ActiveModel {
                id: Set(MembershipId::new()),
                member_id: Set(MemberId(member)),
                unit_id: Set(UnitId(two)),
                kind: Set(MembershipKind::Home),
                valid_from: Set("2021-01-01".parse().unwrap()),
                valid_to: Set("2022-01-01".parse().unwrap()),
            };
            thidua::entity::membership::Entity::insert(row).exec_without_returning(tx).await?;
            Ok(())
        })
        .await;

    assert_eq!(into_the_past.unwrap_err().code.name(), "already_exists");
}

#[actix_web::test]
async fn transfers_in_opposite_directions_do_not_wait_for_each_other() {
    let app = TestApp::start().await;
    let (one, two) = (app.unit("Một").await, app.unit("Hai").await);
    let (mut first, mut second) = (one.clone(), two.clone());
    let (mut these, mut those) = (Vec::new(), Vec::new());
    for _ in 0..6 {
        these.push(app.member_of(&one).await);
        those.push(app.member_of(&two).await);
    }
    let home = |member: &Person, unit: &Unit, from: String| {
        post(&app, &app.admin, member, json!({"kind": "home", "unit_id": unit.id, "valid_from": from})).into_future()
    };
    // What the units count is of today from now on, and each transfer changes it.
    app.app
        .change_as(thidua::db::Actor::system(), async |tx| Ok(thidua::organisation::units::recount_members(tx).await?))
        .await
        .unwrap();
    for day in 1..=4 {
        std::mem::swap(&mut first, &mut second);
        let from = format!("2026-03-0{day}");

        let there = these.iter().map(|member| home(member, &first, from.clone()));
        let back = those.iter().map(|member| home(member, &second, from.clone()));

        for answer in join_all(there.chain(back)).await {
            answer.expect(201);
        }
    }
}

#[actix_web::test]
async fn a_merge_and_transfers_out_of_the_unit_at_once_leave_everybody_with_one_home() {
    let app = TestApp::start().await;
    let top = app.unit("Đảng bộ").await;
    let (into, other) = (app.unit_under(&top, "Hai").await, app.unit_under(&top, "Ba").await);
    for round in 0..3 {
        let unit = app.unit_under(&top, &format!("Một {round}")).await;
        let mut members = Vec::new();
        for _ in 0..6 {
            members.push(app.member_of(&unit).await);
        }
        let merge = app
            .post(format!("/v1/units/{}/merge", unit.id))
            .caller(&app.admin)
            .json(json!({"into_unit_id": into.id}))
            .into_future();
        let transfers = members
            .iter()
            .map(|member| post(&app, &app.admin, member, json!({"kind": "home", "unit_id": other.id})).into_future());

        let (merged, moved) = join(merge, join_all(transfers)).await;

        merged.expect(200);
        for answer in moved {
            answer.expect(201);
        }
        for member in &members {
            let open: Vec<_> = periods(&app, member).await.into_iter().filter(|one| one.3.is_null()).collect();
            assert_eq!(open.len(), 1, "{open:?}");
            assert_eq!(open[0].0, other.id);
        }
    }
}

#[actix_web::test]
async fn a_membership_has_one_name_of_its_unit_wherever_it_is_shown() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Cũ").await;
    let member = app.member_of(&unit).await;
    let renamed = json!({"name": "Chi bộ Mới"});
    app.patch(format!("/v1/units/{}", unit.id)).caller(&app.admin).json(renamed).await.expect(200);

    let all = list(&app, &app.admin, &member).await.expect(200);

    let found = app.get(format!("/v1/memberships/{}", text(&all["items"][0]["id"]))).caller(&app.admin).await;
    assert_eq!(found.expect(200), all["items"][0]);
    assert_eq!(all["items"][0]["unit_name"], "Chi bộ Mới");
}

#[actix_web::test]
async fn nobody_belongs_anywhere_from_a_day_that_is_none() {
    let app = TestApp::start().await;
    let unit = app.unit("Một").await;
    let member = app.member_of(&unit).await;
    let from = |day: &str| {
        post(&app, &app.admin, &member, json!({"kind": "temporary", "unit_id": unit.id, "valid_from": day}))
    };

    let faults = [("/unit_id", "no_such_thing"), ("/valid_from", "out_of_range")];
    from("1899-12-31").await.has_faults(&faults);
    let faults = [faults[0], faults[1], ("/valid_to", "ends_before_start")];
    from("9999-12-31").await.has_faults(&faults);
    let new = json!({"display_name": "A Mẫu", "home_unit_id": unit.id, "member_since": "1899-12-31"});
    app.post("/v1/members").caller(&app.admin).json(new).await.has_faults(&[("/member_since", "out_of_range")]);
}
