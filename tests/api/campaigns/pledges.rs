//! `/v1/pledges`

use serde_json::json;

use crate::harness::{TestApp, text};

#[actix_web::test]
async fn a_signed_pledge_keeps_its_text() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Cao đẳng Du lịch").await;
    let manager = app.manager_of(&unit).await;
    let campaign = app.campaign_of(&unit).await;
    let pledge = app.unit_pledge(&manager, &unit, &campaign).await;
    let url = format!("/v1/pledges/{}", pledge.id);

    app.patch(&url).caller(&manager).json(json!({"statement": "khác"})).await.is_problem(409, "pledge_signed");
    app.delete(&url).caller(&manager).await.is_problem(409, "pledge_signed");

    let kept = app.get(&url).caller(&manager).await.expect(200);
    assert_eq!(kept["statement"], "Trồng 100 cây xanh");
    assert_eq!(kept["status"], "signed");
    assert_eq!(text(&kept["verification_code"]).len(), 16);
}

#[actix_web::test]
async fn a_members_pledge_is_seen_by_the_member_and_the_managers_above() {
    let app = TestApp::start().await;
    let committee = app.unit("Đảng bộ").await;
    let cell = app.unit_under(&committee, "Chi bộ").await;
    let other = app.unit("Đảng bộ khác").await;
    let (member, colleague) = (app.member_of(&cell).await, app.member_of(&cell).await);
    let (manager, stranger) = (app.manager_of(&committee).await, app.manager_of(&other).await);
    let campaign = app.campaign_of(&committee).await;
    let pledge = app.pledge_of(&member, &campaign).await;
    let url = format!("/v1/pledges/{}", pledge.id);

    app.get(&url).caller(&member).await.expect(200);
    app.get(&url).caller(&manager).await.expect(200);
    app.get(&url).caller(&colleague).await.is_problem(404, "not_found");
    app.get(&url).caller(&stranger).await.is_problem(404, "not_found");
    let listed = app.get(format!("/v1/campaigns/{}/pledges", campaign.id)).caller(&colleague).await.expect(200);
    assert_eq!(listed["items"], json!([]));
}

#[actix_web::test]
async fn a_units_pledge_is_seen_by_everyone_in_the_campaigns_audience_alone() {
    let app = TestApp::start().await;
    let (unit, other) = (app.unit("Đảng bộ").await, app.unit("Đảng bộ khác").await);
    let manager = app.manager_of(&unit).await;
    let (inside, outside) = (app.member_of(&unit).await, app.member_of(&other).await);
    let draft = app.draft_campaign(&unit, json!({"audience": {"unit_ids": [unit.id]}})).await;
    app.post(format!("/v1/campaigns/{}/launch", draft.id)).caller(&app.admin).json(json!({})).await.expect(200);
    let pledge = app.unit_pledge(&manager, &unit, &draft).await;
    let url = format!("/v1/pledges/{}", pledge.id);

    app.get(&url).caller(&inside).await.expect(200);
    app.get(&url).caller(&outside).await.is_problem(404, "not_found");
    let own = format!("/v1/campaigns/{}/pledges", draft.id);
    app.post(own).caller(&outside).json(app.new_pledge(&draft)).await.is_problem(403, "forbidden");
}

#[actix_web::test]
async fn a_unit_pledges_through_its_manager() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ").await;
    let member = app.member_of(&unit).await;
    let campaign = app.campaign_of(&unit).await;
    let mut new = app.new_pledge(&campaign);
    new["pledger"] = json!({"kind": "unit", "id": unit.id});

    let url = format!("/v1/campaigns/{}/pledges", campaign.id);
    app.post(url).caller(&member).json(new).await.is_problem(403, "forbidden");
}

#[actix_web::test]
async fn every_commitment_that_does_not_fit_the_campaign_is_named() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ").await;
    let member = app.member_of(&unit).await;
    let campaign = app.campaign_of(&unit).await;
    let foreign = app.campaign_of(&unit).await;
    let commitment = |target: &str, unit: &str, quantity: f64, due: &str| {
        json!({"target_id": target, "title": "Trồng", "unit_of_measure": unit, "quantity": quantity, "due_on": due,
            "cadence": "once"})
    };
    let new = json!({"statement": "Cam kết", "commitments": [
        commitment(&campaign.target, "kg", 1.0, "2026-12-31"),
        commitment(&foreign.target, "cây", 0.0, "2027-01-01"),
    ]});

    let url = format!("/v1/campaigns/{}/pledges", campaign.id);
    app.post(url).caller(&member).json(new).await.has_faults(&[
        ("/commitments/0/unit_of_measure", "other_unit_of_measure"),
        ("/commitments/1/target_id", "no_such_thing"),
        ("/commitments/1/quantity", "out_of_range"),
        ("/commitments/1/due_on", "outside_campaign"),
    ]);
}

#[actix_web::test]
async fn a_quantity_has_at_most_three_decimals_and_is_below_a_trillion() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ").await;
    let member = app.member_of(&unit).await;
    let campaign = app.campaign_of(&unit).await;
    let url = format!("/v1/campaigns/{}/pledges", campaign.id);
    for (quantity, code) in [(0.0001, "too_precise"), (1e12, "out_of_range"), (-1.0, "out_of_range")] {
        let mut new = app.new_pledge(&campaign);
        new["commitments"][0]["quantity"] = json!(quantity);
        app.post(&url).caller(&member).json(new).await.has_faults(&[("/commitments/0/quantity", code)]);
    }
    for quantity in [0.001, 0.1, 0.29, 1.005, 12.345, 999_999_999_999.999] {
        let mut new = app.new_pledge(&campaign);
        new["commitments"][0]["quantity"] = json!(quantity);
        let made = app.post(&url).caller(&member).json(new).await.expect(201);
        assert_eq!(made["commitments"][0]["quantity"], json!(quantity));
    }
}

#[actix_web::test]
async fn a_closed_campaign_takes_no_pledge() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ").await;
    let member = app.member_of(&unit).await;
    let campaign = app.campaign_of(&unit).await;
    app.post(format!("/v1/campaigns/{}/close", campaign.id)).caller(&app.admin).json(json!({})).await.expect(200);

    let url = format!("/v1/campaigns/{}/pledges", campaign.id);
    let answer = app.post(url).caller(&member).json(app.new_pledge(&campaign)).await;
    answer.is_problem(409, "campaign_not_launched");
}

#[actix_web::test]
async fn a_draft_can_be_changed_and_removed() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ").await;
    let member = app.member_of(&unit).await;
    let campaign = app.campaign_of(&unit).await;
    let url = format!("/v1/campaigns/{}/pledges", campaign.id);
    let made = app.post(url).caller(&member).json(app.new_pledge(&campaign)).await.expect(201);
    let url = format!("/v1/pledges/{}", text(&made["id"]));

    let changed = app.patch(&url).caller(&member).json(json!({"statement": "Trồng 120 cây"})).await.expect(200);
    assert_eq!(changed["statement"], "Trồng 120 cây");
    assert_eq!(changed["commitments"].as_array().unwrap().len(), 1);
    app.delete(&url).caller(&member).await.expect(204);
    app.get(&url).caller(&member).await.is_problem(404, "not_found");
}

#[actix_web::test]
async fn a_guest_cannot_pledge() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ").await;
    let campaign = app.campaign_of(&unit).await;
    let guest = app.guest().await;

    let url = format!("/v1/campaigns/{}/pledges", campaign.id);
    app.post(url).caller(&guest).json(app.new_pledge(&campaign)).await.is_problem(403, "forbidden");
}

#[actix_web::test]
async fn a_number_that_is_a_thousandth_but_for_its_last_bits_is_rounded() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ").await;
    let member = app.member_of(&unit).await;
    let campaign = app.campaign_of(&unit).await;
    let url = format!("/v1/campaigns/{}/pledges", campaign.id);
    for (quantity, kept) in [(0.1 + 0.2, 0.3), (1.1 * 1.1 - 0.21, 1.0), (4.35 * 100.0, 435.0)] {
        let mut new = app.new_pledge(&campaign);
        new["commitments"][0]["quantity"] = json!(quantity);
        let made = app.post(&url).caller(&member).json(new).await.expect(201);
        assert_eq!(made["commitments"][0]["quantity"].as_f64(), Some(kept));
    }
    let mut new = app.new_pledge(&campaign);
    new["commitments"][0]["quantity"] = json!(0.300_002);
    app.post(&url).caller(&member).json(new).await.has_faults(&[("/commitments/0/quantity", "too_precise")]);
}

#[actix_web::test]
async fn a_fault_says_its_limit() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ").await;
    let member = app.member_of(&unit).await;
    let campaign = app.campaign_of(&unit).await;
    let mut new = app.new_pledge(&campaign);
    new["commitments"][0]["quantity"] = json!(0);

    let url = format!("/v1/campaigns/{}/pledges", campaign.id);
    let problem = app.post(url).caller(&member).json(new).await.is_problem(422, "invalid_input");

    assert_eq!(problem["errors"][0]["detail"], "Ngoài giới hạn cho phép (> 0).");
}

#[actix_web::test]
async fn null_is_refused_where_there_is_always_a_value() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ").await;
    let member = app.member_of(&unit).await;
    let campaign = app.campaign_of(&unit).await;
    let url = format!("/v1/campaigns/{}/pledges", campaign.id);
    let made = app.post(url).caller(&member).json(app.new_pledge(&campaign)).await.expect(201);

    let patch = json!({"statement": null, "commitments": null});
    let answer = app.patch(format!("/v1/pledges/{}", text(&made["id"]))).caller(&member).json(patch).await;

    answer.has_faults(&[("/statement", "wrong_type"), ("/commitments", "wrong_type")]);
}

#[actix_web::test]
async fn a_units_draft_is_seen_by_its_managers_alone() {
    let app = TestApp::start().await;
    let (unit, other) = (app.unit("Đảng bộ").await, app.unit("Đảng bộ khác").await);
    let (manager, member, stranger) =
        (app.manager_of(&unit).await, app.member_of(&unit).await, app.manager_of(&other).await);
    let campaign = app.campaign_of(&unit).await;
    let mut new = app.new_pledge(&campaign);
    new["pledger"] = json!({"kind": "unit", "id": unit.id});
    let list = format!("/v1/campaigns/{}/pledges", campaign.id);
    let made = app.post(&list).caller(&manager).json(new).await.expect(201);
    let url = format!("/v1/pledges/{}", text(&made["id"]));

    app.get(&url).caller(&manager).await.expect(200);
    for somebody in [&member, &stranger] {
        app.get(&url).caller(somebody).await.is_problem(404, "not_found");
        assert_eq!(app.get(&list).caller(somebody).await.expect(200)["items"], json!([]));
    }
    app.post(format!("{url}/sign")).caller(&manager).json(json!({})).await.expect(200);
    app.get(&url).caller(&member).await.expect(200);
}

#[actix_web::test]
async fn a_pledge_is_fulfilled_by_what_is_verified_and_lapses_after_its_due_day() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ").await;
    let member = app.member_of(&unit).await;
    let campaign = app.campaign_of(&unit).await;
    let list = format!("/v1/campaigns/{}/pledges", campaign.id);
    let mut pledges = Vec::new();
    for due_on in ["2026-03-10", "2026-03-11", "2026-12-31"] {
        let mut new = app.new_pledge(&campaign);
        new["commitments"][0]["due_on"] = json!(due_on);
        let made = app.post(&list).caller(&member).json(new).await.expect(201);
        let pledge = crate::harness::Pledge { id: text(&made["id"]), commitment: text(&made["commitments"][0]["id"]) };
        app.post(format!("/v1/pledges/{}/sign", pledge.id)).caller(&member).json(json!({})).await.expect(200);
        pledges.push(pledge);
    }
    app.post(&list).caller(&member).json(app.new_pledge(&campaign)).await.expect(201);
    let whole = app.check_in(&member, &pledges[1], 100.0).await;
    app.check_in(&member, &pledges[2], 100.0).await;

    let standings = async || {
        let admin = app.sign_in(&app.admin.id).await;
        let mut seen = Vec::new();
        for (place, pledge) in pledges.iter().enumerate() {
            let one = app.get(format!("/v1/pledges/{}", pledge.id)).caller(&admin).await.expect(200);
            let status = text(&one["status"]);
            for asked in ["draft", "signed", "fulfilled", "lapsed"] {
                let found = app.get(format!("{list}?status={asked}")).caller(&admin).await.expect(200);
                let is_found = found["items"].as_array().unwrap().iter().any(|item| item["id"] == one["id"]);
                assert_eq!(is_found, asked == status, "{place} {asked}");
            }
            seen.push(status);
        }
        seen
    };
    assert_eq!(standings().await, ["signed", "signed", "signed"]);
    app.post(format!("/v1/checkins/{whole}/verify")).caller(&app.admin).json(json!({})).await.expect(200);
    assert_eq!(standings().await, ["signed", "fulfilled", "signed"]);
    // The clock of the tests says 10 March, nine in the morning in Vietnam.
    app.clock.advance(chrono::Duration::days(2));
    assert_eq!(standings().await, ["lapsed", "fulfilled", "signed"]);
    let admin = app.sign_in(&app.admin.id).await;
    app.post(format!("/v1/campaigns/{}/close", campaign.id)).caller(&admin).json(json!({})).await.expect(200);
    assert_eq!(standings().await, ["lapsed", "fulfilled", "lapsed"]);
    app.figures_are_recounted().await;
}

#[actix_web::test]
async fn halves_that_are_verified_at_the_same_moment_fulfil_a_pledge_together() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ").await;
    let (member, manager) = (app.member_of(&unit).await, app.manager_of(&unit).await);
    let campaign = app.campaign_of(&unit).await;
    let pledge = app.pledge_of(&member, &campaign).await;
    let mut parts = Vec::new();
    for _ in 0..10 {
        parts.push(app.check_in(&member, &pledge, 10.0).await);
    }

    let verifications = parts.iter().map(|checkin| {
        let request = app.post(format!("/v1/checkins/{checkin}/verify")).caller(&manager).json(json!({}));
        async move { request.await.expect(200) }
    });
    futures_util::future::join_all(verifications).await;

    let list = format!("/v1/campaigns/{}/pledges?status=fulfilled", campaign.id);
    let fulfilled = app.get(list).caller(&member).await.expect(200);
    assert_eq!(fulfilled["items"][0]["id"], json!(pledge.id));
    app.figures_are_recounted().await;
}
