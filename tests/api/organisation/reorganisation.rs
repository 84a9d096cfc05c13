//! Merges, moves and splits: history stays what it was, and nothing vanishes or counts twice.

use chrono::Duration;
use futures_util::future::join;
use serde_json::{Value, json};

use crate::harness::{Campaign, Person, TestApp, Unit, text};

/// The day before the changes of these tests, and their day.
const DAY_BEFORE: &str = "2026-03-10";
const DAY: &str = "2026-03-11";

/// A province with two committees, one of which has a cell; members of all three have worked for a campaign.
struct Province {
    app: TestApp,
    top: Unit,
    one: Unit,
    cell: Unit,
    two: Unit,
    campaign: Campaign,
    member: Person,
}

impl Province {
    async fn start() -> Self {
        let mut app = TestApp::start().await;
        let top = app.unit("Đảng bộ tỉnh").await;
        let (one, two) = (app.unit_under(&top, "Đảng bộ Một").await, app.unit_under(&top, "Đảng bộ Hai").await);
        let cell = app.unit_under(&one, "Chi bộ Thôn Một").await;
        let campaign = app.campaign_of(&top).await;
        let member = app.member_of(&one).await;
        for (person, quantity) in
            [(member.clone(), 5.0), (app.member_of(&cell).await, 7.0), (app.member_of(&two).await, 11.0)]
        {
            let pledge = app.pledge_of(&person, &campaign).await;
            let checkin = app.check_in(&person, &pledge, quantity).await;
            app.post(format!("/v1/checkins/{checkin}/verify")).caller(&app.admin).json(json!({})).await.expect(200);
        }
        app.clock.advance(Duration::days(1));
        app.admin = app.sign_in(&app.admin.id).await;
        Self { app, top, one, cell, two, campaign, member }
    }

    async fn change(&self, unit: &Unit, verb: &str, body: Value) -> Value {
        self.app.post(format!("/v1/units/{}/{verb}", unit.id)).caller(&self.app.admin).json(body).await.expect(200)
    }

    async fn verified_in(&self, unit: &Unit, as_of: Option<&str>) -> f64 {
        let as_of = as_of.map(|day| format!("&as_of={day}")).unwrap_or_default();
        let url = format!("/v1/units/{}/progress?campaign_id={}{as_of}", unit.id, self.campaign.id);
        let progress = self.app.get(url).caller(&self.app.admin).await.expect(200);
        let target = &progress["targets"][0];
        let parts: f64 =
            target["units"].as_array().unwrap().iter().map(|part| part["verified"].as_f64().unwrap()).sum();
        assert_eq!(parts, target["verified"].as_f64().unwrap(), "{progress}");
        parts
    }

    /// Everything that is said of the day before, byte by byte.
    async fn report_of_the_day_before(&self) -> Vec<String> {
        let (mut bytes, mut urls) = (Vec::new(), Vec::new());
        urls.push(format!("/v1/units?as_of={DAY_BEFORE}&limit=2"));
        urls.push(format!("/v1/units?as_of={DAY_BEFORE}&limit=100"));
        urls.push(format!("/v1/campaigns/{}/progress?as_of={DAY_BEFORE}", self.campaign.id));
        for unit in [&self.top, &self.one, &self.cell, &self.two] {
            for part in ["", "/members", "/progress"] {
                urls.push(format!("/v1/units/{}{part}?as_of={DAY_BEFORE}", unit.id));
            }
            urls.push(format!("/v1/units?as_of={DAY_BEFORE}&parent_id={}", unit.id));
        }
        for url in urls {
            let answer = self.app.get(&url).caller(&self.app.admin).await;
            answer.expect_ok();
            bytes.push(format!("{url} {} {}", answer.header("etag").unwrap(), answer.text()));
        }
        bytes
    }
}

#[actix_web::test]
async fn a_report_of_the_day_before_a_change_is_the_same_before_and_after_it() {
    let province = Province::start().await;
    let Province { app, top, one, cell, two, member, .. } = &province;
    let before = province.report_of_the_day_before().await;

    let renamed = json!({"name": "Đảng bộ Khác", "short_name": "ĐBK", "kind": "department", "from": DAY});
    app.patch(format!("/v1/units/{}", one.id)).caller(&app.admin).json(renamed).await.expect(200);
    assert_eq!(province.report_of_the_day_before().await, before, "rename");
    province.change(cell, "move", json!({"parent_id": two.id, "on": DAY})).await;
    assert_eq!(province.report_of_the_day_before().await, before, "move");
    let part = json!({"name": "Đảng bộ Ba", "member_ids": [member.id], "unit_ids": []});
    province.change(one, "split", json!({"new_units": [part], "on": DAY})).await;
    assert_eq!(province.report_of_the_day_before().await, before, "split");
    province.change(one, "merge", json!({"into_unit_id": two.id, "on": DAY})).await;
    assert_eq!(province.report_of_the_day_before().await, before, "merge");

    assert_eq!(province.verified_in(top, None).await, 23.0);
    app.figures_are_recounted().await;
}

#[actix_web::test]
async fn what_is_planned_for_tomorrow_changes_no_report_of_today() {
    let province = Province::start().await;
    let url = format!("/v1/units?as_of={DAY}");
    let before = province.app.get(&url).caller(&province.app.admin).await.text();

    province.change(&province.one, "merge", json!({"into_unit_id": province.two.id, "on": "2026-03-12"})).await;

    assert_eq!(province.app.get(&url).caller(&province.app.admin).await.text(), before);
    let found =
        province.app.get(format!("/v1/units/{}", province.one.id)).caller(&province.app.admin).await.expect(200);
    assert_eq!(found["valid_to"], "2026-03-12");
}

#[actix_web::test]
async fn a_merged_unit_lives_on_in_the_other_with_its_members_units_and_history() {
    let province = Province::start().await;
    let Province { app, top, one, cell, two, campaign, member } = &province;

    let answer = province.change(one, "merge", json!({"into_unit_id": two.id, "on": DAY})).await;

    assert_eq!((&answer["id"], &answer["member_count"]), (&json!(two.id), &json!(3)));
    app.get(format!("/v1/units/{}", one.id)).caller(&app.admin).await.is_problem(404, "not_found");
    let cell_now = app.get(format!("/v1/units/{}", cell.id)).caller(&app.admin).await.expect(200);
    assert_eq!(cell_now["parent_id"], two.id);
    assert_eq!(province.verified_in(two, None).await, 23.0);
    assert_eq!(province.verified_in(two, Some(DAY_BEFORE)).await, 11.0);
    assert_eq!(province.verified_in(one, Some(DAY_BEFORE)).await, 12.0);
    assert_eq!(province.verified_in(top, None).await, 23.0);
    let progress = app.get(format!("/v1/campaigns/{}/progress", campaign.id)).caller(&app.admin).await.expect(200);
    let units: Vec<_> =
        progress["targets"][0]["units"].as_array().unwrap().iter().map(|unit| &unit["unit_id"]).collect();
    assert!(!units.contains(&&json!(one.id)) && units.len() == 2, "{progress}");
    let memberships = app.get(format!("/v1/members/{}/memberships", member.id)).caller(&app.admin).await.expect(200);
    let periods: Vec<_> = memberships["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (text(&one["unit_id"]), one["valid_from"].clone(), one["valid_to"].clone()))
        .collect();
    assert_eq!(
        periods,
        [(two.id.clone(), json!(DAY), json!(null)), (one.id.clone(), json!("2020-01-01"), json!(DAY)),]
    );
}

#[actix_web::test]
async fn a_merge_of_a_day_that_is_past_answers_with_the_whole_life_of_the_unit_that_goes_on() {
    let province = Province::start().await;
    let Province { app, one, two, .. } = &province;
    let renamed = json!({"name": "Đảng bộ Khác"});
    app.patch(format!("/v1/units/{}", two.id)).caller(&app.admin).json(renamed).await.expect(200);

    let answer = province.change(one, "merge", json!({"into_unit_id": two.id, "on": "2026-02-01"})).await;

    assert_eq!((&answer["id"], &answer["valid_to"]), (&json!(two.id), &json!(null)));
    assert_eq!(answer["valid_from"], "2020-01-01");
    let found = app.get(format!("/v1/units/{}", two.id)).caller(&app.admin).await.expect(200);
    assert_eq!((&answer["valid_from"], &answer["valid_to"]), (&found["valid_from"], &found["valid_to"]));
}

#[actix_web::test]
async fn nobody_has_two_places_in_the_unit_that_goes_on() {
    let app = TestApp::start().await;
    let (one, two, three) = (app.unit("Một").await, app.unit("Hai").await, app.unit("Ba").await);
    let (visitor, resident) = (app.member_of(&three).await, app.member_of(&one).await);
    let visit = async |member: &Person, unit: &Unit, to: Value| {
        let place = json!({"kind": "temporary", "unit_id": unit.id, "valid_to": to});
        app.post(format!("/v1/members/{}/memberships", member.id)).caller(&app.admin).json(place).await.expect(201);
    };
    visit(&visitor, &one, json!(null)).await;
    visit(&visitor, &two, json!("2026-04-01")).await;
    visit(&resident, &two, json!(null)).await;

    let merge = json!({"into_unit_id": two.id, "on": "2026-03-15"});
    app.post(format!("/v1/units/{}/merge", one.id)).caller(&app.admin).json(merge).await.expect(200);

    let places = async |member: &Person, day: &str| {
        let url = format!("/v1/members/{}/memberships?as_of={day}", member.id);
        let found = app.get(url).caller(&app.admin).await.expect(200);
        let mut places: Vec<_> = found["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|place| (text(&place["kind"]), text(&place["unit_id"])))
            .collect();
        places.sort();
        places
    };
    let place = |kind: &str, unit: &Unit| (kind.to_owned(), unit.id.clone());
    for day in ["2026-03-15", "2026-03-31", "2026-04-01", "2027-01-01"] {
        assert_eq!(places(&visitor, day).await, [place("home", &three), place("temporary", &two)], "{day}");
        assert_eq!(places(&resident, day).await, [place("home", &two)], "{day}");
    }
    assert_eq!(places(&resident, "2026-03-14").await, [place("home", &one), place("temporary", &two)]);
    assert_eq!(places(&visitor, "2026-03-14").await.len(), 3);
}

#[actix_web::test]
async fn nobody_has_the_same_role_twice_over_the_unit_that_goes_on() {
    let app = TestApp::start().await;
    let (one, two) = (app.unit("Một").await, app.unit("Hai").await);
    let member = app.member_of(&two).await;
    for (unit, role, to) in
        [(&one, "editor", json!(null)), (&two, "editor", json!("2026-04-01")), (&one, "unit_manager", json!(null))]
    {
        let grant = json!({"member_id": member.id, "role": role, "unit_id": unit.id, "valid_to": to});
        app.post("/v1/role-grants").caller(&app.admin).json(grant).await.expect(201);
    }

    let merge = json!({"into_unit_id": two.id, "on": "2026-03-15"});
    app.post(format!("/v1/units/{}/merge", one.id)).caller(&app.admin).json(merge).await.expect(200);

    let grants = app.get(format!("/v1/role-grants?member_id={}", member.id)).caller(&app.admin).await.expect(200);
    let mut over_two: Vec<_> = grants["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|grant| grant["unit_id"] == two.id)
        .map(|grant| (text(&grant["role"]), text(&grant["valid_from"]), grant["valid_to"].clone()))
        .collect();
    over_two.sort_by_key(|(role, from, _)| (role.clone(), from.clone()));
    let expected = [
        ("editor", "2026-03-10", json!("2026-04-01")),
        ("editor", "2026-04-01", json!(null)),
        ("unit_manager", "2026-03-15", json!(null)),
    ];
    assert_eq!(over_two, expected.map(|(role, from, to)| (role.to_owned(), from.to_owned(), to)));
}

#[actix_web::test]
async fn merging_twice_counts_nothing_twice() {
    let province = Province::start().await;
    let Province { top, one, cell, two, .. } = &province;

    province.change(cell, "merge", json!({"into_unit_id": one.id})).await;
    province.change(one, "merge", json!({"into_unit_id": two.id})).await;

    assert_eq!(province.verified_in(two, None).await, 23.0);
    assert_eq!(province.verified_in(top, None).await, 23.0);
    province.change(two, "merge", json!({"into_unit_id": top.id})).await;
    assert_eq!(province.verified_in(top, None).await, 23.0);
    let found = province.app.get(format!("/v1/units/{}", top.id)).caller(&province.app.admin).await.expect(200);
    assert_eq!(found["member_count"], 3);
}

#[actix_web::test]
async fn roles_over_a_merged_unit_go_on_over_the_other() {
    let province = Province::start().await;
    let Province { app, one, two, .. } = &province;
    let manager = app.manager_of(one).await;
    app.clock.advance(Duration::days(1));
    let admin = app.sign_in(&app.admin.id).await;

    let url = format!("/v1/units/{}/merge", one.id);
    app.post(url).caller(&admin).json(json!({"into_unit_id": two.id})).await.expect(200);

    let manager = app.sign_in(&manager.id).await;
    let renamed = json!({"name": "Đảng bộ Hợp nhất"});
    app.patch(format!("/v1/units/{}", two.id)).caller(&manager).json(renamed).await.expect(200);
    let grants = app.get(format!("/v1/role-grants?member_id={}", manager.id)).caller(&admin).await.expect(200);
    assert_eq!(grants["items"].as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn a_moved_unit_takes_all_below_it_along() {
    let province = Province::start().await;
    let Province { app, top, one, cell, two, .. } = &province;

    let moved = province.change(one, "move", json!({"parent_id": two.id, "on": DAY})).await;

    assert_eq!((&moved["parent_id"], &moved["valid_from"]), (&json!(two.id), &json!("2020-01-01")));
    let below = app.get(format!("/v1/units/{}", cell.id)).caller(&app.admin).await.expect(200);
    let path: Vec<_> = below["path"].as_array().unwrap().iter().map(|unit| text(&unit["id"])).collect();
    assert_eq!(path, [top.id.clone(), two.id.clone(), one.id.clone()]);
    assert_eq!(province.verified_in(two, None).await, 23.0);
    assert_eq!(province.verified_in(two, Some(DAY_BEFORE)).await, 11.0);
    assert_eq!(province.verified_in(top, None).await, 23.0);
}

#[actix_web::test]
async fn a_split_gives_the_new_unit_its_future_and_leaves_the_old_one_its_past() {
    let province = Province::start().await;
    let Province { app, top, one, cell, member, .. } = &province;

    let part = json!({"name": "Đảng bộ Ba", "member_ids": [member.id], "unit_ids": [cell.id]});
    let split = province.change(one, "split", json!({"new_units": [part], "on": DAY})).await;

    let new = Unit { id: text(&split["new_units"][0]["id"]) };
    assert_eq!((&split["new_units"][0]["member_count"], &split["unit"]["member_count"]), (&json!(2), &json!(0)));
    assert_eq!(
        (&split["new_units"][0]["parent_id"], &split["new_units"][0]["kind"]),
        (&json!(top.id), &json!("party_cell"))
    );
    // The cell went along with what it did; what the member did in the old unit stays there.
    assert_eq!(province.verified_in(&new, None).await, 7.0);
    assert_eq!(province.verified_in(one, None).await, 5.0);
    assert_eq!(province.verified_in(top, None).await, 23.0);
    let home = app.get(format!("/v1/members/{}", member.id)).caller(&app.admin).await.expect(200);
    assert_eq!(home["home_unit_id"], new.id);
}

#[actix_web::test]
async fn every_fault_of_a_split_is_named_at_once() {
    let province = Province::start().await;
    let Province { app, one, cell, two, member, .. } = &province;
    let part = |members: Value, units: Value| json!({"name": "Ba", "member_ids": members, "unit_ids": units});

    let answer = app
        .post(format!("/v1/units/{}/split", one.id))
        .caller(&app.admin)
        .json(json!({"on": "2019-01-01", "new_units": [
            part(json!([member.id]), json!([cell.id])),
            part(json!([member.id, app.admin.id]), json!([two.id])),
        ]}))
        .await;

    answer.has_faults(&[
        ("/on", "not_there_then"),
        ("/new_units/0/member_ids/0", "no_such_thing"),
        ("/new_units/0/unit_ids/0", "no_such_thing"),
        ("/new_units/1/member_ids/0", "no_such_thing"),
        ("/new_units/1/member_ids/0", "duplicate"),
        ("/new_units/1/member_ids/1", "no_such_thing"),
        ("/new_units/1/unit_ids/0", "no_such_thing"),
    ]);
}

#[actix_web::test]
async fn every_fault_of_a_merge_is_named_at_once() {
    let province = Province::start().await;
    let Province { app, one, .. } = &province;
    let merge = |body: Value| app.post(format!("/v1/units/{}/merge", one.id)).caller(&app.admin).json(body);

    merge(json!({"into_unit_id": uuid::Uuid::now_v7(), "on": "2019-12-31"}))
        .await
        .has_faults(&[("/on", "not_there_then"), ("/into_unit_id", "no_such_thing")]);
    merge(json!({"into_unit_id": one.id})).await.has_faults(&[("/into_unit_id", "not_allowed")]);
}

#[actix_web::test]
async fn nobody_comes_to_stand_below_themselves() {
    let province = Province::start().await;
    let Province { app, top, one, cell, .. } = &province;

    let below_itself = json!({"parent_id": cell.id});
    app.post(format!("/v1/units/{}/move", one.id))
        .caller(&app.admin)
        .json(below_itself)
        .await
        .is_problem(409, "unit_cycle");
    let into_own = json!({"into_unit_id": cell.id});
    app.post(format!("/v1/units/{}/merge", one.id))
        .caller(&app.admin)
        .json(into_own)
        .await
        .is_problem(409, "unit_cycle");
    // Also not on a day to come: the cell leaves, and then the unit may follow it, but not before.
    province.change(cell, "move", json!({"parent_id": top.id, "on": "2026-04-01"})).await;
    let too_early = json!({"parent_id": cell.id, "on": "2026-03-31"});
    app.post(format!("/v1/units/{}/move", one.id))
        .caller(&app.admin)
        .json(too_early)
        .await
        .is_problem(409, "unit_cycle");
    province.change(one, "move", json!({"parent_id": cell.id, "on": "2026-04-01"})).await;
}

#[actix_web::test]
async fn of_two_moves_that_make_a_cycle_together_exactly_one_wins() {
    let province = Province::start().await;
    let Province { app, one, two, .. } = &province;
    for _ in 0..5 {
        let under = |unit: &Unit, parent: &Unit| {
            app.post(format!("/v1/units/{}/move", unit.id)).caller(&app.admin).json(json!({"parent_id": parent.id}))
        };

        let (first, second) = join(under(one, two).into_future(), under(two, one).into_future()).await;

        let mut both = [first.status, second.status];
        both.sort_unstable();
        assert_eq!(both, [200, 409], "{} {}", first.text(), second.text());
        let loser = if first.status == 409 { &first } else { &second };
        loser.is_problem(409, "unit_cycle");
        let winner = if first.status == 200 { one } else { two };
        province.change(winner, "move", json!({"parent_id": province.top.id})).await;
    }
}

#[actix_web::test]
async fn of_two_merges_of_a_unit_exactly_one_happens() {
    let province = Province::start().await;
    let Province { app, top, one, cell, two, .. } = &province;
    let into = |unit: &Unit| {
        app.post(format!("/v1/units/{}/merge", cell.id)).caller(&app.admin).json(json!({"into_unit_id": unit.id}))
    };

    let (first, second) = join(into(one).into_future(), into(two).into_future()).await;

    let mut both = [first.status, second.status];
    both.sort_unstable();
    assert_eq!(both, [200, 404], "{} {}", first.text(), second.text());
    assert_eq!(province.verified_in(top, None).await, 23.0);
}

#[actix_web::test]
async fn a_change_of_the_tree_takes_whoever_manages_both_ends() {
    let province = Province::start().await;
    let Province { app, top, one, cell, two, .. } = &province;
    let (of_one, of_top) = (app.manager_of(one).await, app.manager_of(top).await);
    let ask = |person: &Person, unit: &Unit, verb: &str, body: Value| {
        app.post(format!("/v1/units/{}/{verb}", unit.id)).caller(person).json(body)
    };

    ask(&of_one, cell, "move", json!({"parent_id": two.id})).await.is_problem(403, "forbidden");
    ask(&of_one, one, "merge", json!({"into_unit_id": two.id})).await.is_problem(403, "forbidden");
    ask(&of_one, one, "split", json!({"new_units": [{"name": "Ba"}]})).await.is_problem(403, "forbidden");
    ask(&of_top, cell, "move", json!({"parent_id": null})).await.is_problem(403, "forbidden");
    ask(&of_top, cell, "move", json!({"parent_id": two.id, "on": DAY_BEFORE})).await.has_faults(&[("/on", "in_past")]);
    ask(&of_top, cell, "move", json!({"parent_id": two.id})).await.expect(200);
    app.delete(format!("/v1/units/{}", two.id)).caller(&of_one).await.is_problem(403, "forbidden");
    ask(&of_one, &Unit { id: uuid::Uuid::now_v7().to_string() }, "move", json!({"parent_id": two.id}))
        .await
        .is_problem(404, "not_found");
}

#[actix_web::test]
async fn managers_are_told_of_a_merge() {
    let province = Province::start().await;
    let Province { app, one, two, .. } = &province;
    let manager = app.manager_of(two).await;

    province.change(one, "merge", json!({"into_unit_id": two.id})).await;
    app.run_relay().await;

    let inbox = app.get("/v1/notifications").caller(&manager).await.expect(200);
    let kinds: Vec<_> = inbox["items"].as_array().unwrap().iter().map(|one| text(&one["kind"])).collect();
    assert!(kinds.contains(&"unit.merged".to_owned()), "{inbox}");
    assert!(inbox.to_string().contains("Đảng bộ Một sáp nhập vào Đảng bộ Hai"), "{inbox}");
}

#[actix_web::test]
async fn a_units_own_pledge_goes_on_with_the_unit_it_is_merged_into() {
    let province = Province::start().await;
    let Province { app, one, two, campaign, .. } = &province;
    let manager = app.manager_of(one).await;
    let pledge = app.unit_pledge(&manager, one, campaign).await;
    let member = app.member_of(two).await;

    province.change(one, "merge", json!({"into_unit_id": two.id, "on": DAY})).await;

    let checkin = app.check_in(&member, &pledge, 3.0).await;
    let found = app.get(format!("/v1/checkins/{checkin}")).caller(&app.admin).await.expect(200);
    assert_eq!(found["unit_id"], two.id);
}

#[actix_web::test]
async fn a_campaign_for_a_merged_unit_is_for_the_unit_it_was_merged_into() {
    let app = TestApp::start().await;
    let top = app.unit("Đảng bộ tỉnh").await;
    let (one, two) = (app.unit_under(&top, "Một").await, app.unit_under(&top, "Hai").await);
    let campaign = app.draft_campaign(&top, json!({"audience": {"unit_ids": [one.id]}})).await;
    app.post(format!("/v1/campaigns/{}/launch", campaign.id)).caller(&app.admin).json(json!({})).await.expect(200);
    let (member, stranger) = (app.member_of(&one).await, app.member_of(&top).await);
    let url = format!("/v1/campaigns/{}/pledges", campaign.id);

    let merge = json!({"into_unit_id": two.id});
    app.post(format!("/v1/units/{}/merge", one.id)).caller(&app.admin).json(merge).await.expect(200);

    let member = app.sign_in(&member.id).await;
    app.post(&url).caller(&member).json(app.new_pledge(&campaign)).await.expect(201);
    let refused = app.post(&url).caller(&stranger).json(app.new_pledge(&campaign)).await;
    assert!(refused.status >= 400, "{}", refused.text());
}

#[actix_web::test]
async fn a_unit_whose_end_is_planned_is_not_split() {
    let app = TestApp::start().await;
    let top = app.unit("Đảng bộ tỉnh").await;
    let (merging, closing) = (app.unit_under(&top, "Chi bộ Một").await, app.unit_under(&top, "Chi bộ Hai").await);
    let member = app.member_of(&merging).await;
    let merge = json!({"into_unit_id": top.id, "on": "2026-06-01"});
    app.post(format!("/v1/units/{}/merge", merging.id)).caller(&app.admin).json(merge).await.expect(200);
    app.delete(format!("/v1/units/{}?on=2026-06-01", closing.id)).caller(&app.admin).await.expect(204);
    let split = |unit: &Unit, members: Value| {
        let body = json!({"on": "2026-04-01", "new_units": [{"name": "Chi bộ Ba", "member_ids": members}]});
        app.post(format!("/v1/units/{}/split", unit.id)).caller(&app.admin).json(body)
    };

    split(&merging, json!([member.id])).await.has_faults(&[("/on", "change_planned")]);
    split(&closing, json!([])).await.has_faults(&[("/on", "change_planned")]);
}
