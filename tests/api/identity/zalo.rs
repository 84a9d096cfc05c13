//! `POST /v1/auth/zalo`: who becomes whom, and what Zalo's faults mean.

use futures_util::future::join_all;
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};
use thidua::{
    db::Actor,
    entity::zalo_identity,
    identity::staff::{self, StaffAccount},
    kit::values::MemberId,
    sandbox::zalo::Person as ZaloPerson,
};

use crate::harness::{Person, TestApp, ZaloStandIn, heard, listen, text};

async fn sign_in(app: &TestApp, person: &ZaloPerson) -> Value {
    app.post("/v1/auth/zalo").json(json!({"access_token": person.access_token})).await.expect(200)
}

async fn sign_in_with_phone(app: &TestApp, zalo: &ZaloStandIn, person: &ZaloPerson) -> Value {
    let body = json!({"access_token": person.access_token, "phone_code": zalo.phone_code(person)});
    app.post("/v1/auth/zalo").json(body).await.expect(200)
}

fn caller(session: &Value) -> Person {
    Person { id: text(&session["member"]["id"]), token: text(&session["access_token"]) }
}

/// A member who was imported with this person's phone number, and manages the unit.
async fn imported(app: &TestApp, person: &ZaloPerson) -> String {
    let unit = app.unit("Chi bộ 1").await;
    let new = json!({"display_name": "Trần Văn An", "home_unit_id": unit.id, "phone": person.phone});
    let member = text(&app.post("/v1/members").caller(&app.admin).json(new).await.expect(201)["id"]);
    let grant = json!({"member_id": member, "role": "unit_manager", "unit_id": unit.id});
    app.post("/v1/role-grants").caller(&app.admin).json(grant).await.expect(201);
    member
}

#[actix_web::test]
async fn a_phone_number_takes_no_member_away_from_their_zalo_account() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let member = imported(&app, zalo.follower()).await;
    assert_eq!(sign_in_with_phone(&app, &zalo, zalo.follower()).await["member"]["id"], member.as_str());
    // The number was given to somebody else since.
    let heir = ZaloPerson { phone: zalo.follower().phone.clone(), ..zalo.other_follower().clone() };
    let theirs = ZaloStandIn::start_with(&app.clock, vec![heir.clone()]);

    let body = json!({"access_token": heir.access_token, "phone_code": theirs.phone_code(&heir)});
    let replica = app.replica_with(|config| theirs.settle(config)).await;
    let answer = app.post("/v1/auth/zalo").via(&replica).json(body).await.expect(200);

    assert_ne!(answer["member"]["id"], member.as_str());
    assert_eq!(answer["member"]["role"], "guest");
    assert_eq!(sign_in(&app, zalo.follower()).await["member"]["id"], member.as_str());
}

/// Signs in with a number that was written down for the admin, and stays a stranger.
async fn is_refused(app: &TestApp, zalo: &ZaloStandIn, member: &str) {
    let first = sign_in_with_phone(app, zalo, zalo.follower()).await;
    let again = sign_in_with_phone(app, zalo, zalo.follower()).await;

    assert_ne!(first["member"]["id"], member);
    assert_eq!((&first["member"]["role"], &again["member"]["id"]), (&json!("guest"), &first["member"]["id"]));
    let refused = app.count("SELECT id FROM audit_row WHERE action = 'refuse_phone_link'");
    assert_eq!((refused, app.count("SELECT id FROM audit_row WHERE action = 'link_zalo'")), (2, 0));
}

#[actix_web::test]
async fn a_phone_number_makes_nobody_a_member_of_staff() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let member = imported(&app, zalo.follower()).await;
    let account =
        StaffAccount::new(MemberId(member.parse().unwrap()), "lan", "no password".to_owned(), app.clock.now());
    app.app.change_as(Actor::system(), async |tx| Ok(staff::insert(tx, account).await?)).await.unwrap();

    is_refused(&app, &zalo, &member).await;
}

#[actix_web::test]
async fn a_phone_number_makes_nobody_an_admin() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let member = imported(&app, zalo.follower()).await;
    let grant = json!({"member_id": member, "role": "admin", "valid_from": "2026-04-01"});
    app.post("/v1/role-grants").caller(&app.admin).json(grant).await.expect(201);

    is_refused(&app, &zalo, &member).await;
}

#[actix_web::test]
async fn two_first_sign_ins_of_one_person_at_once_find_one_member() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let bodies: Vec<_> = (0..4)
        .map(|_| json!({"access_token": zalo.follower().access_token, "phone_code": zalo.phone_code(zalo.follower())}))
        .collect();

    let answers = join_all(bodies.into_iter().map(|body| app.post("/v1/auth/zalo").json(body).into_future())).await;

    let mut members: Vec<String> = answers.iter().map(|answer| text(&answer.expect(200)["member"]["id"])).collect();
    members.dedup();
    assert_eq!(members.len(), 1);
}

#[actix_web::test]
async fn a_guest_who_shares_their_number_becomes_the_imported_member() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let guest = sign_in(&app, zalo.follower()).await;
    let member = imported(&app, zalo.follower()).await;

    let session = sign_in_with_phone(&app, &zalo, zalo.follower()).await;

    assert_eq!(session["member"]["id"], member.as_str());
    assert_eq!(session["member"]["role"], "unit_manager");
    app.get("/v1/me").caller(&caller(&guest)).await.is_problem(401, "invalid_token");
    assert_eq!(sign_in(&app, zalo.follower()).await["member"]["id"], member.as_str());
}

#[actix_web::test]
async fn a_guest_with_something_of_their_own_stays_who_they_are() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let guest = sign_in(&app, zalo.follower()).await;
    let member = imported(&app, zalo.follower()).await;
    let unit = app.unit("Chi bộ 2").await;
    let grant = json!({"member_id": guest["member"]["id"], "role": "editor", "unit_id": unit.id});
    app.post("/v1/role-grants").caller(&app.admin).json(grant).await.expect(201);

    let session = sign_in_with_phone(&app, &zalo, zalo.follower()).await;

    assert_eq!(session["member"]["id"], guest["member"]["id"]);
    assert_ne!(session["member"]["id"], member.as_str());
}

#[actix_web::test]
async fn what_zalo_leaves_out_stays_as_it_was() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    sign_in(&app, zalo.follower()).await;
    let before = zalo_identity::Entity::find().one(app.app.db.reads()).await.unwrap().unwrap();
    assert!(before.oa_user_hash.is_some() && before.follows_oa);
    let silent = wiremock::MockServer::start().await;
    let profile = json!({"error": 0, "id": zalo.follower().zalo_id, "name": "Trần Văn An"});
    wiremock::Mock::given(wiremock::matchers::any())
        .respond_with(wiremock::ResponseTemplate::new(200).set_body_json(profile))
        .mount(&silent)
        .await;
    let replica = app.replica_with(|config| config.zalo.graph_url = silent.uri()).await;

    let body = json!({"access_token": zalo.follower().access_token});
    app.post("/v1/auth/zalo").via(&replica).json(body).await.expect(200);

    let after = zalo_identity::Entity::find().one(app.app.db.reads()).await.unwrap().unwrap();
    assert_eq!((after.oa_user_hash, after.follows_oa), (before.oa_user_hash, true));
}

#[actix_web::test]
async fn a_place_that_zalo_does_not_tell_refuses_nobody() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let right =
        json!({"access_token": zalo.follower().access_token, "location_code": zalo.location_code(zalo.follower())});
    app.post("/v1/auth/zalo").json(right.clone()).await.expect(200);

    // The same code again is spent.
    app.post("/v1/auth/zalo").json(right).await.expect(200);
}

#[actix_web::test]
async fn each_class_of_zalos_faults_says_what_to_do() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let body = json!({"access_token": zalo.follower().access_token});
    let session = app.post("/v1/auth/zalo").json(body.clone()).await.expect(200);
    let table = [
        (452, 401, "zalo_token_refused", None),
        (-501, 503, "zalo_outside_vietnam", Some("300")),
        (-242, 500, "zalo_misconfigured", None),
        (-32, 503, "zalo_unavailable", Some("60")),
        (-1, 503, "zalo_unavailable", Some("10")),
    ];
    for (number, status, code, retry_after) in table {
        zalo.refuse_with(number);

        let answer = app.post("/v1/auth/zalo").json(body.clone()).await;

        answer.is_problem(status, code);
        assert_eq!(answer.header("retry-after"), retry_after, "{number}");
        app.get("/v1/me").caller(&caller(&session)).await.expect(200);
        // A refused token is refused for a minute without asking.
        app.clock.advance(chrono::TimeDelta::seconds(61));
    }
    let figures = app.get_inside("/metrics").await.text();
    assert!(figures.contains("thidua_zalo_errors_total{api=\"graph\",class=\"outside_vietnam\"}"), "{figures}");
}

#[actix_web::test]
async fn neither_tokens_nor_codes_nor_numbers_are_in_the_log() {
    listen();
    let (app, zalo) = TestApp::start_with_zalo().await;
    let person = zalo.follower();
    let (phone, place) = (zalo.phone_code(person), zalo.location_code(person));
    let body = json!({"access_token": person.access_token, "phone_code": phone, "location_code": place});

    let session = app.post("/v1/auth/zalo").json(body.clone()).await.expect(200);
    app.post("/v1/auth/zalo").json(body).await.has_faults(&[("/phone_code", "wrong_code")]);

    let written = heard();
    assert!(written.contains("Zalo refuses a token or a code"), "nothing was logged");
    let secrets = [&person.access_token, &phone, &place, &person.phone, &person.zalo_id];
    for secret in secrets.into_iter().chain([&text(&session["refresh_token"]), &text(&session["access_token"])]) {
        assert!(!written.contains(secret.as_str()), "{secret} is in the log");
    }
}

#[actix_web::test]
async fn a_server_outside_vietnam_raises_its_alarm_for_a_place_as_well() {
    listen();
    let (app, zalo) = TestApp::start_with_zalo().await;
    let person = zalo.follower();
    let elsewhere = wiremock::MockServer::start().await;
    let place = wiremock::matchers::header_exists("code");
    let refusal = json!({"error": -501, "message": "Personal information is limited"});
    let profile = json!({"error": 0, "id": person.zalo_id, "name": person.name});
    for (mock, body) in
        [(wiremock::Mock::given(place), refusal), (wiremock::Mock::given(wiremock::matchers::any()), profile)]
    {
        mock.respond_with(wiremock::ResponseTemplate::new(200).set_body_json(body)).mount(&elsewhere).await;
    }
    let replica = app.replica_with(|config| config.zalo.graph_url = elsewhere.uri()).await;

    let body = json!({"access_token": person.access_token, "location_code": "a-code"});
    app.post("/v1/auth/zalo").via(&replica).json(body).await.expect(200);

    let written = heard();
    assert!(written.contains("zalo_outside_vietnam"), "{written}");
}

#[actix_web::test]
async fn an_admin_takes_a_member_away_from_a_zalo_account_that_is_not_theirs() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let member = imported(&app, zalo.follower()).await;
    let session = sign_in_with_phone(&app, &zalo, zalo.follower()).await;
    let url = format!("/v1/members/{member}/zalo-link");
    let unlinked = || app.count("SELECT id FROM audit_row WHERE action = 'unlink_zalo'");
    let consents = async |person: &Person| {
        let view = app.get("/v1/me/consents").caller(person).await.expect(200);
        let items = view["items"].as_array().unwrap().clone();
        items.iter().map(|item| item["agreed"].as_bool().unwrap()).collect::<Vec<_>>()
    };
    for kind in ["terms", "oa_messages", "location"] {
        app.agree(&caller(&session), kind).await;
    }
    assert_eq!(consents(&caller(&session)).await, [true; 3]);

    app.delete(&url).caller(&caller(&session)).await.is_problem(403, "forbidden");
    app.delete(&url).caller(&app.admin).await.expect(204);
    app.delete(&url).caller(&app.admin).await.expect(204);

    app.get("/v1/me").caller(&caller(&session)).await.is_problem(401, "invalid_token");
    let body = json!({"refresh_token": session["refresh_token"]});
    app.post("/v1/auth/refresh").json(body).await.is_problem(401, "invalid_refresh_token");
    assert_eq!(unlinked(), 1);
    let stranger = sign_in_with_phone(&app, &zalo, zalo.follower()).await;
    assert_ne!(stranger["member"]["id"], member.as_str());
    assert_eq!(stranger["member"]["role"], "guest");
    assert_eq!(consents(&app.sign_in(&member).await).await, [false; 3]);
    // The right one, with whom it begins anew; taking away once more takes nothing.
    let number = json!({"phone": zalo.other_follower().phone});
    app.patch(format!("/v1/members/{member}")).caller(&app.admin).json(number).await.expect(200);
    app.delete(&url).caller(&app.admin).await.expect(204);
    let right = sign_in_with_phone(&app, &zalo, zalo.other_follower()).await;
    assert_eq!(right["member"]["id"], member.as_str());
    let history = app.get("/v1/me/consents").caller(&caller(&right)).await.expect(200)["history"].clone();
    assert_eq!(history.as_array().unwrap().iter().filter(|decision| decision["agreed"] == false).count(), 3);
    let url = format!("/v1/members/{}/zalo-link", uuid::Uuid::now_v7());
    app.delete(url).caller(&app.admin).await.is_problem(404, "not_found");
}
