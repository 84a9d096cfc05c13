//! `/v1/campaigns/{id}/progress` and `/v1/targets/{id}/explain`

use sea_orm::ConnectionTrait as _;
use serde_json::json;
use thidua::{campaigns::progress, db::Actor};

use crate::harness::{TestApp, text};

#[actix_web::test]
async fn a_total_explains_itself_to_the_last_checkin() {
    let app = TestApp::start().await;
    let (one, two) = (app.unit("Chi bộ Một").await, app.unit("Chi bộ Hai").await);
    let campaign = app.campaign_of(&one).await;
    for unit in [&one, &two] {
        let member = app.member_of(unit).await;
        let pledge = app.pledge_of(&member, &campaign).await;
        for quantity in [1.5, 2.25, 3.0] {
            let checkin = app.check_in(&member, &pledge, quantity).await;
            app.post(format!("/v1/checkins/{checkin}/verify")).caller(&app.admin).json(json!({})).await.expect(200);
        }
    }
    app.check_in_unverified(&one, &campaign).await;

    let mut url = format!("/v1/targets/{}/explain?limit=2", campaign.target);
    let (mut sum, mut pages) = (0.0, 0);
    let verified = loop {
        let page = app.get(&url).caller(&app.admin).await.expect(200);
        pages += 1;
        sum += page["checkins"]["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["quantity"].as_f64().unwrap())
            .sum::<f64>();
        match page["checkins"]["next_cursor"].as_str() {
            Some(next) => url = format!("/v1/targets/{}/explain?limit=2&cursor={next}", campaign.target),
            None => break page,
        }
    };

    assert_eq!((sum, pages), (13.5, 3));
    assert_eq!(verified["verified"], 13.5);
    let shares: f64 = verified["units"].as_array().unwrap().iter().map(|unit| unit["verified"].as_f64().unwrap()).sum();
    assert_eq!(shares, 13.5);
    assert!(text(&verified["rule"]).contains("xác nhận"));
}

#[actix_web::test]
async fn progress_is_by_unit_and_in_percent_of_the_goal() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Một").await;
    let campaign = app.campaign_of(&unit).await;
    let member = app.member_of(&unit).await;
    let pledge = app.pledge_of(&member, &campaign).await;
    let checkin = app.check_in(&member, &pledge, 25.0).await;
    app.post(format!("/v1/checkins/{checkin}/verify")).caller(&app.admin).json(json!({})).await.expect(200);

    let progress = app.get(format!("/v1/campaigns/{}/progress", campaign.id)).caller(&member).await.expect(200);

    assert_eq!(
        progress["targets"],
        json!([{"id": campaign.target, "name": "Cây xanh trồng mới", "unit_of_measure": "cây", "goal": 1000, "pledged": 100,
            "reported": 25, "verified": 25, "percent": 2.5,
            "units": [{"unit_id": unit.id, "name": "Chi bộ Một", "pledged": 100, "reported": 25, "verified": 25}]}])
    );
}

#[actix_web::test]
async fn a_percentage_is_a_stated_part_of_a_stated_whole() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Một").await;
    let member = app.member_of(&unit).await;
    let target = uuid::Uuid::now_v7();
    let campaign = app
        .draft_campaign(&unit, json!({"targets": [
            {"id": target, "name": "Văn bản ký số", "unit_of_measure": "văn bản"},
            {"name": "Tỷ lệ ký số", "unit_of_measure": "%", "goal": 100, "numerator_target_id": target, "denominator": 8},
        ]}))
        .await;
    app.post(format!("/v1/campaigns/{}/launch", campaign.id)).caller(&app.admin).json(json!({})).await.expect(200);
    let new = json!({"statement": "Ký số", "commitments": [{"target_id": target, "title": "Ký số văn bản",
        "unit_of_measure": "văn bản", "quantity": 4, "due_on": "2026-06-30", "cadence": "once"}]});
    let made = app.post(format!("/v1/campaigns/{}/pledges", campaign.id)).caller(&member).json(new).await.expect(201);
    let pledge = crate::harness::Pledge { id: text(&made["id"]), commitment: text(&made["commitments"][0]["id"]) };
    app.post(format!("/v1/pledges/{}/sign", pledge.id)).caller(&member).json(json!({})).await.expect(200);
    let checkin = app.check_in(&member, &pledge, 1.0).await;
    app.post(format!("/v1/checkins/{checkin}/verify")).caller(&app.admin).json(json!({})).await.expect(200);

    let progress = app.get(format!("/v1/campaigns/{}/progress", campaign.id)).caller(&member).await.expect(200);

    let percentage = &progress["targets"][1];
    assert_eq!(
        (&percentage["pledged"], &percentage["verified"], &percentage["percent"]),
        (&json!(50), &json!(12.5), &json!(12.5))
    );
    let on_it = json!({"statement": "x", "commitments": [{"target_id": percentage["id"], "title": "x", "unit_of_measure": "%",
        "quantity": 1, "due_on": "2026-06-30", "cadence": "once"}]});
    let url = format!("/v1/campaigns/{}/pledges", campaign.id);
    app.post(url).caller(&member).json(on_it).await.has_faults(&[("/commitments/0/target_id", "does_not_add_up")]);
}

#[actix_web::test]
async fn the_figures_of_a_draft_are_nobodys_but_its_editors() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Một").await;
    let member = app.member_of(&unit).await;
    let draft = app.draft_campaign_of(&unit).await;

    app.get(format!("/v1/campaigns/{}/progress", draft.id)).caller(&member).await.is_problem(404, "not_found");
    app.get(format!("/v1/targets/{}/explain", draft.target)).caller(&member).await.is_problem(404, "not_found");
}

#[actix_web::test]
async fn figures_that_the_reader_has_are_not_sent_again_until_they_change() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Một").await;
    let campaign = app.campaign_of(&unit).await;
    let url = format!("/v1/campaigns/{}/progress", campaign.id);
    let tag = app.get(&url).caller(&app.admin).await.header("etag").unwrap().to_owned();
    app.clock.advance(chrono::Duration::seconds(7));

    assert_eq!(app.get(&url).caller(&app.admin).header("If-None-Match", &tag).await.status, 304);
    app.check_in_unverified(&unit, &campaign).await;
    let changed = app.get(&url).caller(&app.admin).header("If-None-Match", &tag).await;

    assert_eq!(changed.expect(200)["targets"][0]["reported"], 7);
    assert_ne!(changed.header("etag"), Some(tag.as_str()));
}

impl TestApp {
    /// Repairs what differs; gives how many figures that were.
    pub async fn repair_figures(&self) -> u64 {
        let drifts = progress::recount(self.app.db.reads()).await.unwrap();
        self.app.change_as(Actor::system(), async |tx| progress::repair(tx, &drifts).await).await.unwrap()
    }
}

#[actix_web::test]
async fn a_repair_makes_totals_and_standings_what_the_ledger_says_and_nothing_else() {
    let app = TestApp::start().await;
    let (one, two) = (app.unit("Chi bộ Một").await, app.unit("Chi bộ Hai").await);
    let campaign = app.campaign_of(&one).await;
    for unit in [&one, &two] {
        app.check_in_unverified(unit, &campaign).await;
    }

    assert_eq!(app.repair_figures().await, 0);
    app.execute("UPDATE target_unit_total SET reported = reported + 5000, verified = 1");
    app.execute("UPDATE pledge SET next_due_on = NULL");
    assert_eq!(app.repair_figures().await, 4);
    app.figures_are_recounted().await;
    app.execute("DELETE FROM target_unit_total");
    assert_eq!(app.repair_figures().await, 2);

    app.figures_are_recounted().await;
    assert_eq!(app.figures(&campaign).await, (200.0, 14.0, 0.0));
}

#[actix_web::test]
async fn what_is_reported_during_a_repair_is_counted_once() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Một").await;
    let campaign = app.campaign_of(&unit).await;
    let member = app.member_of(&unit).await;
    let pledge = app.pledge_of(&member, &campaign).await;
    app.check_in(&member, &pledge, 1.0).await;
    let report = async || {
        for _ in 0..5 {
            app.check_in(&member, &pledge, 1.0).await;
        }
    };
    let repair = async || {
        for drift in ["UPDATE target_unit_total SET reported = reported + 5000", "DELETE FROM target_unit_total"] {
            let drifting =
                app.app.change_as(Actor::system(), async |tx| Ok(tx.execute_unprepared(drift).await.map(|_| ())?));
            drifting.await.unwrap();
            app.repair_figures().await;
        }
    };

    futures_util::future::join(report(), repair()).await;
    app.repair_figures().await;

    assert_eq!(app.figures(&campaign).await.1, 6.0);
    app.figures_are_recounted().await;
}

#[actix_web::test]
async fn a_repair_holds_nobody_up_whose_figures_are_right() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Một").await;
    let campaign = app.campaign_of(&unit).await;
    let (one, two) = (app.member_of(&unit).await, app.member_of(&unit).await);
    app.pledge_of(&one, &campaign).await;
    app.execute("UPDATE pledge SET next_due_on = '2026-01-02'");
    let pledge = app.pledge_of(&two, &campaign).await;
    let drifts = progress::recount(app.app.db.reads()).await.unwrap();
    assert_eq!(drifts.len(), 1);

    let repair = app.app.change_as(Actor::system(), async |tx| {
        let repaired = progress::repair(tx, &drifts).await?;
        // SQLite has one writer at a time.
        if app.database_file().is_none() {
            app.check_in(&two, &pledge, 3.0).await;
        }
        Ok(repaired)
    });

    assert_eq!(repair.await.unwrap(), 1);
    app.figures_are_recounted().await;
}

#[actix_web::test]
async fn units_stand_in_the_vietnamese_order_of_their_names() {
    let app = TestApp::start().await;
    let campaign = app.campaign_of(&app.unit("Tỉnh").await).await;
    for name in ["Văn phòng", "Đảng bộ", "Ban Tổ chức", "Chi bộ Một"] {
        let unit = app.unit(name).await;
        let member = app.member_of(&unit).await;
        app.pledge_of(&member, &campaign).await;
    }

    let progress = app.get(format!("/v1/campaigns/{}/progress", campaign.id)).caller(&app.admin).await.expect(200);

    let units = progress["targets"][0]["units"].as_array().unwrap();
    let names: Vec<_> = units.iter().map(|unit| text(&unit["name"])).collect();
    assert_eq!(names, ["Ban Tổ chức", "Chi bộ Một", "Đảng bộ", "Văn phòng"]);
}
