//! `POST /v1/checkins/{id}/verify` and `/return`: who decides, and on what.

use serde_json::{Value, json};

use crate::harness::{Answer, Person, TestApp, text};

impl TestApp {
    async fn decide(&self, verb: &str, checkin: &str, by: &Person, mut body: Value) -> Answer {
        if verb == "return" {
            body["reason"] = json!("Ảnh chưa rõ");
        }
        self.post(format!("/v1/checkins/{checkin}/{verb}")).caller(by).json(body).await
    }
}

#[actix_web::test]
async fn nobody_decides_on_their_own_checkin_whatever_they_manage() {
    let app = TestApp::start().await;
    let committee = app.unit("Đảng bộ").await;
    let cell = app.unit_under(&committee, "Chi bộ").await;
    let campaign = app.campaign_of(&committee).await;
    // Who manages their own unit; the one above it; everything.
    let (own, above, everything) =
        (app.manager_of(&cell).await, app.member_of(&cell).await, app.another_admin("lan").await);
    let grant = json!({"member_id": above.id, "role": "unit_manager", "unit_id": committee.id});
    app.post("/v1/role-grants").caller(&app.admin).json(grant).await.expect(201);
    let membership = json!({"kind": "home", "unit_id": cell.id, "valid_from": "2026-01-01"});
    let url = format!("/v1/members/{}/memberships", everything.id);
    app.post(url).caller(&app.admin).json(membership).await.expect(201);
    let other = app.manager_of(&committee).await;
    for author in [&own, &above, &everything] {
        let pledge = app.pledge_of(author, &campaign).await;
        let checkin = app.check_in(author, &pledge, 1.0).await;

        for verb in ["verify", "return"] {
            app.decide(verb, &checkin, author, json!({})).await.is_problem(403, "own_checkin");
        }

        assert_eq!(app.figures(&campaign).await.2, 0.0);
        app.decide("verify", &checkin, &other, json!({})).await.expect(200);
        app.decide("return", &checkin, author, json!({})).await.is_problem(403, "own_checkin");
        app.decide("return", &checkin, &app.admin, json!({})).await.expect(200);
    }
}

#[actix_web::test]
async fn what_a_manager_reports_for_their_units_pledge_is_decided_by_somebody_else() {
    let app = TestApp::start().await;
    let unit = app.unit("Tỉnh ủy").await;
    let campaign = app.campaign_of(&unit).await;
    let (manager, member) = (app.manager_of(&unit).await, app.member_of(&unit).await);
    let pledge = app.unit_pledge(&manager, &unit, &campaign).await;
    let (own, members) = (app.check_in(&manager, &pledge, 1.0).await, app.check_in(&member, &pledge, 1.0).await);

    app.decide("verify", &own, &manager, json!({})).await.is_problem(403, "own_checkin");
    app.decide("verify", &members, &manager, json!({})).await.expect(200);

    // Above the topmost unit there are only admins.
    app.decide("verify", &own, &app.admin, json!({})).await.expect(200);
}

#[actix_web::test]
async fn ones_own_checkins_are_not_in_ones_review_queue() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ").await;
    let campaign = app.campaign_of(&unit).await;
    let (one, other) = (app.manager_of(&unit).await, app.manager_of(&unit).await);
    let pledge = app.pledge_of(&one, &campaign).await;
    let checkin = app.check_in(&one, &pledge, 1.0).await;
    let queue = async |of: &Person| {
        let queue = app.get("/v1/review-queue").caller(of).await.expect(200);
        queue["items"].as_array().unwrap().iter().map(|item| text(&item["checkin"]["id"])).collect::<Vec<_>>()
    };

    assert_eq!(queue(&one).await, Vec::<String>::new());
    assert_eq!(queue(&other).await, [checkin]);
}

#[actix_web::test]
async fn a_decision_is_about_the_version_that_the_manager_has_seen() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ").await;
    let campaign = app.campaign_of(&unit).await;
    let (member, manager) = (app.member_of(&unit).await, app.manager_of(&unit).await);
    let pledge = app.pledge_of(&member, &campaign).await;
    let checkin = app.check_in(&member, &pledge, 1.0).await;
    let url = format!("/v1/checkins/{checkin}");
    let seen = async || {
        let queue = app.get("/v1/review-queue").caller(&manager).await.expect(200);
        assert_eq!(queue["items"][0]["version"], queue["items"][0]["checkin"]["version"]);
        queue["items"][0]["version"].clone()
    };
    let (old, tag) = (seen().await, app.get(&url).caller(&manager).await.header("etag").unwrap().to_owned());
    app.patch(&url).caller(&member).json(json!({"quantity": 90})).await.expect(200);

    for verb in ["verify", "return"] {
        let stale = app.decide(verb, &checkin, &manager, json!({"version": old})).await;
        stale.is_problem(412, "precondition_failed");
        let body = json!({"version": seen().await, "reason": "Ảnh chưa rõ"});
        let body = if verb == "verify" { json!({"version": body["version"]}) } else { body };
        let tagged = app.post(format!("{url}/{verb}")).caller(&manager).header("If-Match", &tag).json(body);
        tagged.await.is_problem(412, "precondition_failed");
    }
    assert_eq!(app.figures(&campaign).await, (100.0, 90.0, 0.0));

    let version = seen().await;
    let verified = app.decide("verify", &checkin, &manager, json!({"version": version})).await.expect(200);
    assert_eq!(verified["status"], "verified");
    let again = app.decide("verify", &checkin, &manager, json!({"version": version})).await.expect(200);
    assert_eq!(again["version"], verified["version"], "the same decision after a lost answer");
    let returned = app.decide("return", &checkin, &manager, json!({"version": verified["version"]})).await.expect(200);
    assert_eq!(returned["status"], "returned");
    app.decide("verify", &checkin, &manager, json!({"version": version})).await.is_problem(412, "precondition_failed");
}

#[actix_web::test]
async fn a_decision_needs_no_version_and_takes_no_nonsense_for_one() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ").await;
    let campaign = app.campaign_of(&unit).await;
    let manager = app.manager_of(&unit).await;
    let checkin = app.check_in_unverified(&unit, &campaign).await;

    app.decide("verify", &checkin, &manager, json!({"version": 0})).await.has_faults(&[("/version", "out_of_range")]);
    app.decide("return", &checkin, &manager, json!({"version": "1"})).await.has_faults(&[("/version", "wrong_type")]);
    app.post(format!("/v1/checkins/{checkin}/verify")).caller(&manager).await.expect(200);
    app.decide("return", &checkin, &manager, json!({})).await.expect(200);
}
