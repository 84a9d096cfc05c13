//! `/v1/me/consents`

use serde_json::{Value, json};

use crate::harness::{Person, TestApp};

async fn of(app: &TestApp, member: &Person) -> Value {
    app.get("/v1/me/consents").caller(member).await.expect(200)
}

fn choice(kind: &str, agreed: bool) -> Value {
    json!({"consents": [{"kind": kind, "version": 1, "agreed": agreed}]})
}

#[actix_web::test]
async fn nothing_is_agreed_to_before_a_member_says_so() {
    let app = TestApp::start().await;
    let member = app.member_of(&app.unit("Chi bộ 1").await).await;

    let view = of(&app, &member).await;

    let items = view["items"].as_array().unwrap();
    let kinds: Vec<_> =
        items.iter().map(|item| (item["kind"].as_str().unwrap(), item["required"].as_bool().unwrap())).collect();
    assert_eq!(kinds, [("terms", true), ("oa_messages", false), ("location", false)]);
    assert!(items.iter().all(|item| item["agreed"] == false && item["decided_at"] == json!(null)));
    assert_eq!(view["history"], json!([]));
    let english = app.get("/v1/me/consents").caller(&member).header("Accept-Language", "en").await.expect(200);
    assert_ne!(english["items"][0]["text"], items[0]["text"]);
}

#[actix_web::test]
async fn each_decision_is_kept_with_its_version_and_moment() {
    let app = TestApp::start().await;
    let member = app.member_of(&app.unit("Chi bộ 1").await).await;
    let decide = async |body: Value| app.put("/v1/me/consents").caller(&member).json(body).await.expect(200);

    decide(choice("oa_messages", true)).await;
    decide(choice("oa_messages", true)).await;
    app.clock.advance(chrono::TimeDelta::minutes(5));
    let view = decide(choice("oa_messages", false)).await;

    assert_eq!(view["items"][1]["agreed"], false);
    let history = view["history"].as_array().unwrap();
    let told: Vec<_> =
        history.iter().map(|one| (one["agreed"].as_bool().unwrap(), one["decided_at"].as_str().unwrap())).collect();
    assert_eq!(told, [(false, "2026-03-10T02:05:00Z"), (true, "2026-03-10T02:00:00Z")]);
}

#[actix_web::test]
async fn another_version_of_the_text_and_leaving_the_terms_are_refused() {
    let app = TestApp::start().await;
    let member = app.member_of(&app.unit("Chi bộ 1").await).await;
    let body = json!({"consents": [
        {"kind": "location", "version": 2, "agreed": true}, {"kind": "terms", "version": 2, "agreed": false},
        {"kind": "location", "version": 1, "agreed": true},
    ]});

    let answer = app.put("/v1/me/consents").caller(&member).json(body).await;

    answer.has_faults(&[
        ("/consents/0/version", "not_one_of"),
        ("/consents/1/agreed", "not_allowed"),
        ("/consents/2/kind", "duplicate"),
    ]);
}

#[actix_web::test]
async fn of_two_decisions_at_once_the_second_has_to_look_again() {
    let app = TestApp::start().await;
    let member = app.member_of(&app.unit("Chi bộ 1").await).await;
    let tag = app.get("/v1/me/consents").caller(&member).await.header("etag").unwrap().to_owned();
    let decide = |agreed: bool| {
        app.put("/v1/me/consents").caller(&member).header("If-Match", &tag).json(choice("location", agreed))
    };

    decide(true).await.expect(200);

    decide(false).await.is_problem(412, "precondition_failed");
}

#[actix_web::test]
async fn a_place_is_kept_with_consent_alone_and_goes_with_it() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ 1").await;
    let member = app.member_of(&unit).await;
    let pledge = app.pledge_of(&member, &app.campaign_of(&unit).await).await;
    let check_in = async || {
        let mut body = app.new_checkin(&pledge, 1.0);
        body["location"] = json!({"lat": 11.940419, "lon": 108.458313, "accuracy_m": 15});
        app.post(format!("/v1/pledges/{}/checkins", pledge.id)).caller(&member).json(body).await.expect(201)
    };

    let without = check_in().await;
    app.agree(&member, "location").await;
    let with = check_in().await;

    assert_eq!(without["location"], json!(null));
    assert_eq!(with["location"]["lat"], json!(11.940419));
    app.put("/v1/me/consents").caller(&member).json(choice("location", false)).await.expect(200);
    let url = format!("/v1/checkins/{}", with["id"].as_str().unwrap());
    assert_eq!(app.get(url).caller(&member).await.expect(200)["location"], json!(null));
    app.figures_are_recounted().await;
}

#[actix_web::test]
async fn what_was_agreed_to_in_a_text_of_before_does_not_hold_any_more() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ 1").await;
    let member = app.member_of(&unit).await;
    let pledge = app.pledge_of(&member, &app.campaign_of(&unit).await).await;
    app.agree(&member, "location").await;
    app.execute("UPDATE consent SET text_version = 0");

    let mut body = app.new_checkin(&pledge, 1.0);
    body["location"] = json!({"lat": 11.940419, "lon": 108.458313, "accuracy_m": 15});
    let url = format!("/v1/pledges/{}/checkins", pledge.id);
    let made = app.post(url).caller(&member).json(body).await.expect(201);

    assert_eq!(made["location"], json!(null));
    let view = of(&app, &member).await;
    assert_eq!((&view["items"][2]["agreed"], &view["items"][2]["decided_version"]), (&json!(false), &json!(0)));
}
