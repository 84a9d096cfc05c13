//! There is always an admin who can sign in.

use futures_util::future::join;
use serde_json::{Value, json};
use thidua::{
    db::Actor,
    identity::staff::{self, StaffAccount},
    kit::problems::{Code, Problem},
};

use crate::harness::{Person, TestApp, text};

/// The grant that makes somebody an admin today.
async fn grant_of(app: &TestApp, person: &Person) -> String {
    let url = format!("/v1/role-grants?member_id={}", person.id);
    let page = app.get(url).caller(person).await.expect(200);
    let grants: Vec<&Value> =
        page["items"].as_array().unwrap().iter().filter(|grant| grant["role"] == "admin").collect();
    text(&grants[0]["id"])
}

async fn disable(app: &TestApp, username: &str) -> Result<(), Problem> {
    let account: StaffAccount = staff::find_any(app.app.db.reads(), username).await.unwrap().unwrap();
    app.app.change_as(Actor::system(), async |tx| staff::disable(tx, &account).await).await
}

/// Asks by letter for an erasure, and resolves it.
async fn erase_by_letter(app: &TestApp, resolver: &Person, member: &Person) -> crate::harness::Answer {
    let body = json!({"member_id": member.id, "kind": "erasure"});
    let request = app.post("/v1/data-requests").caller(resolver).json(body).await.expect(201);
    let url = format!("/v1/data-requests/{}/resolve", text(&request["id"]));
    app.post(url).caller(resolver).json(json!({"outcome": "done"})).await
}

#[actix_web::test]
async fn the_last_admin_keeps_the_role_the_account_and_the_name() {
    let app = TestApp::start().await;
    let grant = grant_of(&app, &app.admin).await;

    let revoked = app.delete(format!("/v1/role-grants/{grant}")).caller(&app.admin).await;
    let erased = app.delete("/v1/me").caller(&app.admin).await;
    let by_letter = erase_by_letter(&app, &app.admin, &app.admin).await;

    for answer in [revoked, erased, by_letter] {
        let problem = answer.is_problem(409, "last_admin");
        assert!(text(&problem["detail"]).contains("quản trị cho một tài khoản quản lý khác trước"), "{problem}");
    }
    assert_eq!(disable(&app, "admin").await.unwrap_err().code, Code::LastAdmin);
    let me = app.get("/v1/me").caller(&app.sign_in(&app.admin.id).await).await.expect(200);
    assert_eq!(me["role"], "admin");
    assert_eq!(app.count("SELECT member_id FROM erasure"), 0);
    assert!(!app.files.path().join("erasures.log").exists(), "nobody is on the list of erasures");
}

#[actix_web::test]
async fn one_of_two_admins_may_go_in_each_of_the_ways_and_the_other_stays() {
    let app = TestApp::start().await;
    let names = ["an", "binh", "chi", "dung"];
    let mut others = Vec::new();
    for name in names {
        others.push(app.another_admin(name).await);
    }

    let grant = grant_of(&app, &others[0]).await;
    app.delete(format!("/v1/role-grants/{grant}")).caller(&app.admin).await.expect(204);
    app.delete("/v1/me").caller(&others[1]).await.expect(204);
    erase_by_letter(&app, &app.admin, &others[2]).await.expect(200);
    disable(&app, "dung").await.unwrap();

    app.delete("/v1/me").caller(&app.admin).await.is_problem(409, "last_admin");
}

#[actix_web::test]
async fn an_admin_who_cannot_sign_in_with_a_password_is_none_to_rely_on() {
    let app = TestApp::start().await;
    let grant = grant_of(&app, &app.admin).await;
    let disabled = app.another_admin("binh").await;
    disable(&app, "binh").await.unwrap();
    // Of a member without an account of staff.
    let member = app.member_of(&app.unit("Chi bộ 1").await).await;
    let new = json!({"member_id": member.id, "role": "admin"});
    let theirs = text(&app.post("/v1/role-grants").caller(&app.admin).json(new).await.expect(201)["id"]);
    // And of one whose role is to come.
    let later = app.another_admin("chi").await;
    let chi = grant_of(&app, &later).await;
    app.delete(format!("/v1/role-grants/{chi}")).caller(&app.admin).await.expect(204);
    let new = json!({"member_id": later.id, "role": "admin", "valid_from": "2026-04-01"});
    app.post("/v1/role-grants").caller(&app.admin).json(new).await.expect(201);

    let revoked = app.delete(format!("/v1/role-grants/{grant}")).caller(&app.sign_in(&member.id).await).await;

    revoked.is_problem(409, "last_admin");
    app.delete(format!("/v1/role-grants/{theirs}")).caller(&app.admin).await.expect(204);
    let gone = erase_by_letter(&app, &app.admin, &disabled).await;
    gone.expect(200);
}

#[actix_web::test]
async fn of_two_admins_who_take_each_others_role_at_once_one_stays() {
    let app = TestApp::start().await;
    for round in 0..10 {
        let other = app.another_admin(&format!("other{round}")).await;
        let admin = app.sign_in(&app.admin.id).await;
        let (own, theirs) = (grant_of(&app, &admin).await, grant_of(&app, &other).await);

        let (one, two) = join(
            app.delete(format!("/v1/role-grants/{theirs}")).caller(&admin).into_future(),
            app.delete(format!("/v1/role-grants/{own}")).caller(&other).into_future(),
        )
        .await;

        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        // Whoever comes second is the last one, or no admin any more.
        assert!(statuses[0] == 204 && [403, 404, 409].contains(&statuses[1]), "{statuses:?}");
        if two.status == 204 {
            let new = json!({"member_id": admin.id, "role": "admin"});
            app.post("/v1/role-grants").caller(&other).json(new).await.expect(201);
            app.delete(format!("/v1/role-grants/{theirs}")).caller(&admin).await.expect(204);
        }
    }
}

#[actix_web::test]
async fn of_two_admins_who_are_erased_at_once_one_stays() {
    let app = TestApp::start().await;
    let other = app.another_admin("other").await;

    let (one, two) =
        join(app.delete("/v1/me").caller(&app.admin).into_future(), app.delete("/v1/me").caller(&other).into_future())
            .await;

    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 409]);
}

#[actix_web::test]
async fn the_last_admin_whose_role_has_no_end_stays_in_each_of_the_ways() {
    let app = TestApp::start().await;
    let other = app.another_admin("binh").await;
    let give = async |from: &str, to: Value| {
        let new = json!({"member_id": other.id, "role": "admin", "valid_from": from, "valid_to": to});
        app.post("/v1/role-grants").caller(&app.admin).json(new).await.expect(201)
    };
    let endless = grant_of(&app, &other).await;
    app.delete(format!("/v1/role-grants/{endless}")).caller(&app.admin).await.expect(204);
    give("2026-03-10", json!("2026-03-12")).await;
    let lasting = grant_of(&app, &app.admin).await;

    let revoked = app.delete(format!("/v1/role-grants/{lasting}")).caller(&other).await;
    let erased = app.delete("/v1/me").caller(&app.admin).await;

    revoked.is_problem(409, "last_admin");
    erased.is_problem(409, "last_admin");
    assert_eq!(disable(&app, "admin").await.unwrap_err().code, Code::LastAdmin);
    // Whoever goes on without a gap is one to rely on.
    give("2026-03-12", json!(null)).await;
    app.delete(format!("/v1/role-grants/{lasting}")).caller(&other).await.expect(204);
}
