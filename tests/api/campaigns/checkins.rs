//! `/v1/checkins`

use futures_util::future::join_all;
use serde_json::json;

use crate::harness::{Campaign, Person, Pledge, TestApp, Unit, text};

struct Field {
    app: TestApp,
    unit: Unit,
    member: Person,
    manager: Person,
    campaign: Campaign,
    pledge: Pledge,
}

async fn field() -> Field {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Quỹ Đầu tư phát triển").await;
    let (member, manager) = (app.member_of(&unit).await, app.manager_of(&unit).await);
    let campaign = app.campaign_of(&unit).await;
    let pledge = app.pledge_of(&member, &campaign).await;
    Field { app, unit, member, manager, campaign, pledge }
}

impl Field {
    fn url(&self) -> String {
        format!("/v1/pledges/{}/checkins", self.pledge.id)
    }

    async fn verify(&self, checkin: &str, by: &Person) -> crate::harness::Answer {
        self.app.post(format!("/v1/checkins/{checkin}/verify")).caller(by).json(json!({})).await
    }
}

#[actix_web::test]
async fn what_is_done_is_reported_and_once_verified_it_counts() {
    let f = field().await;

    let checkin = f.app.check_in(&f.member, &f.pledge, 12.5).await;
    assert_eq!(f.app.figures(&f.campaign).await, (100.0, 12.5, 0.0));
    f.verify(&checkin, &f.manager).await.expect(200);
    assert_eq!(f.app.figures(&f.campaign).await, (100.0, 12.5, 12.5));

    let pledge = f.app.get(format!("/v1/pledges/{}", f.pledge.id)).caller(&f.member).await.expect(200);
    assert_eq!(pledge["progress"][0]["verified"], 12.5);
    assert_eq!(pledge["streak"], 1);
    f.app.figures_are_recounted().await;
}

#[actix_web::test]
async fn the_same_checkin_sent_fifty_times_at_once_is_one() {
    let f = field().await;
    let body = f.app.new_checkin(&f.pledge, 3.0);

    let answers =
        join_all((0..50).map(|_| async { f.app.post(f.url()).caller(&f.member).json(body.clone()).await })).await;

    let created = answers.iter().filter(|answer| answer.status == 201).count();
    let replayed = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!((created, replayed), (1, 49));
    assert_eq!(f.app.figures(&f.campaign).await, (100.0, 3.0, 0.0));
    f.app.figures_are_recounted().await;
}

#[actix_web::test]
async fn the_same_key_sent_twenty_times_at_once_is_one_effect() {
    let f = field().await;
    let mut body = f.app.new_checkin(&f.pledge, 3.0);
    body.as_object_mut().unwrap().remove("id");

    let send =
        || async { f.app.post(f.url()).caller(&f.member).header("Idempotency-Key", "k-1").json(body.clone()).await };
    let answers = join_all((0..20).map(|_| send())).await;

    let first = answers[0].expect(201);
    assert!(answers.iter().all(|answer| answer.expect(201) == first));
    let replays = answers.iter().filter(|answer| answer.header("idempotent-replayed") == Some("true")).count();
    assert_eq!(replays, 19);
    assert_eq!(f.app.figures(&f.campaign).await, (100.0, 3.0, 0.0));
}

#[actix_web::test]
async fn another_body_under_the_same_key_is_refused() {
    let f = field().await;
    let send =
        |body: serde_json::Value| f.app.post(f.url()).caller(&f.member).header("Idempotency-Key", "k-1").json(body);

    send(f.app.new_checkin(&f.pledge, 1.0)).await.expect(201);
    send(f.app.new_checkin(&f.pledge, 2.0)).await.is_problem(422, "idempotency_key_reused");
}

#[actix_web::test]
async fn a_key_is_forgotten_after_a_day() {
    let f = field().await;
    let mut body = f.app.new_checkin(&f.pledge, 1.0);
    body.as_object_mut().unwrap().remove("id");
    let send = || f.app.post(f.url()).caller(&f.member).header("Idempotency-Key", "k-1").json(body.clone());
    send().await.expect(201);

    f.app.clock.advance(chrono::Duration::hours(24));
    let member = f.app.sign_in(&f.member.id).await;
    let again = f.app.post(f.url()).caller(&member).header("Idempotency-Key", "k-1").json(body.clone()).await;

    again.expect(201);
    assert_eq!(again.header("idempotent-replayed"), None);
}

#[actix_web::test]
async fn the_same_id_with_other_content_is_a_conflict() {
    let f = field().await;
    let mut body = f.app.new_checkin(&f.pledge, 3.0);
    f.app.post(f.url()).caller(&f.member).json(body.clone()).await.expect(201);

    f.app.post(f.url()).caller(&f.member).json(body.clone()).await.expect(200);
    body["quantity"] = json!(4);
    f.app.post(f.url()).caller(&f.member).json(body).await.is_problem(409, "checkin_conflict");
}

#[actix_web::test]
async fn a_stranger_asking_for_anothers_checkin_finds_nothing() {
    let f = field().await;
    let checkin = f.app.check_in(&f.member, &f.pledge, 1.0).await;
    let other = f.app.unit("Đơn vị khác").await;
    let (colleague, stranger) = (f.app.member_of(&f.unit).await, f.app.manager_of(&other).await);
    let url = format!("/v1/checkins/{checkin}");

    for somebody in [&colleague, &stranger] {
        let hidden = f.app.get(&url).caller(somebody).await;
        let absent = f.app.get(format!("/v1/checkins/{}", uuid::Uuid::now_v7())).caller(somebody).await;
        let mut hidden = hidden.is_problem(404, "not_found");
        let mut absent = absent.is_problem(404, "not_found");
        hidden["request_id"] = json!(null);
        absent["request_id"] = json!(null);
        assert_eq!(hidden, absent);
        f.verify(&checkin, somebody).await.is_problem(404, "not_found");
    }
    f.app.get(&url).caller(&f.manager).await.expect(200);
}

#[actix_web::test]
async fn a_member_cannot_verify_or_return() {
    let f = field().await;
    let checkin = f.app.check_in(&f.member, &f.pledge, 1.0).await;

    f.verify(&checkin, &f.member).await.is_problem(403, "forbidden");
    let url = format!("/v1/checkins/{checkin}/return");
    f.app.post(url).caller(&f.member).json(json!({"reason": "x"})).await.is_problem(403, "forbidden");
}

#[actix_web::test]
async fn nobody_checks_in_for_another_member() {
    let f = field().await;

    let answer = f.app.post(f.url()).caller(&f.manager).json(f.app.new_checkin(&f.pledge, 1.0)).await;
    answer.is_problem(403, "forbidden");
    let colleague = f.app.member_of(&f.unit).await;
    let answer = f.app.post(f.url()).caller(&colleague).json(f.app.new_checkin(&f.pledge, 1.0)).await;
    answer.is_problem(404, "not_found");
}

#[actix_web::test]
async fn every_member_of_a_unit_checks_in_for_its_pledge() {
    let f = field().await;
    let pledge = f.app.unit_pledge(&f.manager, &f.unit, &f.campaign).await;

    let checkin = f.app.check_in(&f.member, &pledge, 2.0).await;

    let seen = f.app.get(format!("/v1/checkins/{checkin}")).caller(&f.manager).await.expect(200);
    assert_eq!(seen["unit_id"], json!(f.unit.id));
}

#[actix_web::test]
async fn an_unlikely_quantity_is_held_and_counts_only_when_somebody_has_decided() {
    let f = field().await;

    let checkin = f.app.check_in(&f.member, &f.pledge, 301.0).await;
    let held = f.app.get(format!("/v1/checkins/{checkin}")).caller(&f.member).await.expect(200);
    assert_eq!((&held["status"], &held["flags"]), (&json!("held"), &json!(["unlikely_quantity"])));
    assert_eq!(f.app.figures(&f.campaign).await, (100.0, 0.0, 0.0));

    f.verify(&checkin, &f.manager).await.expect(200);
    assert_eq!(f.app.figures(&f.campaign).await, (100.0, 301.0, 301.0));
    f.app.figures_are_recounted().await;
}

#[actix_web::test]
async fn what_happened_outside_the_campaign_or_comes_late_is_held() {
    let f = field().await;
    let send = |occurred_at: &str| {
        let mut body = f.app.new_checkin(&f.pledge, 1.0);
        body["occurred_at"] = json!(occurred_at);
        f.app.post(f.url()).caller(&f.member).json(body)
    };

    let before = send("2025-12-31T16:59:59Z").await.expect(201);
    assert_eq!(before["flags"], json!(["outside_phase", "late"]));
    // The clock of the tests says 10 March; the grace is seven days, counted in Vietnam.
    assert_eq!(send("2026-03-02T16:59:59Z").await.expect(201)["flags"], json!(["late"]));
    assert_eq!(send("2026-03-02T17:00:00Z").await.expect(201)["flags"], json!([]));
}

#[actix_web::test]
async fn what_lies_in_the_future_is_refused() {
    let f = field().await;
    let mut body = f.app.new_checkin(&f.pledge, 1.0);
    body["occurred_at"] = json!("2026-03-10T02:05:01Z");

    f.app.post(f.url()).caller(&f.member).json(body).await.has_faults(&[("/occurred_at", "in_future")]);
}

#[actix_web::test]
async fn every_fault_of_a_checkin_is_named_at_once() {
    let f = field().await;
    let body = json!({"quantity": "three", "commitment_id": 7, "location": {"lat": 91, "lon": 0}, "colour": "red",
        "note": "a\u{0}b"});

    f.app.post(f.url()).caller(&f.member).json(body).await.has_faults(&[
        ("/quantity", "wrong_type"),
        ("/commitment_id", "wrong_type"),
        ("/location/lat", "out_of_range"),
        ("/colour", "unknown_field"),
        ("/note", "invalid_character"),
    ]);
}

#[actix_web::test]
async fn a_returned_checkin_counts_no_more_and_goes_back_when_it_is_changed() {
    let f = field().await;
    let checkin = f.app.check_in(&f.member, &f.pledge, 5.0).await;
    let url = format!("/v1/checkins/{checkin}");
    f.verify(&checkin, &f.manager).await.expect(200);

    let reason = json!({"reason": "Ảnh chưa rõ"});
    let returned = f.app.post(format!("{url}/return")).caller(&f.manager).json(reason).await.expect(200);
    assert_eq!(returned["return_reason"], "Ảnh chưa rõ");
    assert_eq!(f.app.figures(&f.campaign).await, (100.0, 0.0, 0.0));

    let changed = f.app.patch(&url).caller(&f.member).json(json!({"quantity": 4})).await.expect(200);
    assert_eq!(changed["status"], "submitted");
    assert_eq!(f.app.figures(&f.campaign).await, (100.0, 4.0, 0.0));
    f.app.figures_are_recounted().await;
}

#[actix_web::test]
async fn a_checkin_that_is_returned_after_the_close_can_still_be_mended_and_counted() {
    let f = field().await;
    let (returned, waiting) =
        (f.app.check_in(&f.member, &f.pledge, 5.0).await, f.app.check_in(&f.member, &f.pledge, 2.0).await);
    f.verify(&returned, &f.manager).await.expect(200);
    f.app.post(format!("/v1/campaigns/{}/close", f.campaign.id)).caller(&f.app.admin).json(json!({})).await.expect(200);
    let reason = json!({"reason": "Ảnh chưa rõ"});
    f.app.post(format!("/v1/checkins/{returned}/return")).caller(&f.manager).json(reason).await.expect(200);
    let change =
        |checkin: &str| f.app.patch(format!("/v1/checkins/{checkin}")).caller(&f.member).json(json!({"quantity": 4}));

    change(&waiting).await.is_problem(409, "campaign_not_launched");
    assert_eq!(change(&returned).await.expect(200)["status"], "submitted");
    f.verify(&returned, &f.manager).await.expect(200);

    assert_eq!(f.app.figures(&f.campaign).await, (100.0, 6.0, 4.0));
    f.app.figures_are_recounted().await;
}

#[actix_web::test]
async fn a_verified_checkin_is_neither_changed_nor_withdrawn() {
    let f = field().await;
    let checkin = f.app.check_in(&f.member, &f.pledge, 5.0).await;
    let url = format!("/v1/checkins/{checkin}");
    f.verify(&checkin, &f.manager).await.expect(200);

    f.app.patch(&url).caller(&f.member).json(json!({"quantity": 4})).await.is_problem(409, "checkin_decided");
    f.app.delete(&url).caller(&f.member).await.is_problem(409, "checkin_decided");
    f.verify(&checkin, &f.manager).await.expect(200);
    assert_eq!(f.app.figures(&f.campaign).await, (100.0, 5.0, 5.0));
}

#[actix_web::test]
async fn a_withdrawn_checkin_stays_and_counts_no_more() {
    let f = field().await;
    let checkin = f.app.check_in(&f.member, &f.pledge, 5.0).await;
    let url = format!("/v1/checkins/{checkin}");

    f.app.delete(&url).caller(&f.member).await.expect(204);
    f.app.delete(&url).caller(&f.member).await.expect(204);

    assert_eq!(f.app.get(&url).caller(&f.member).await.expect(200)["status"], "withdrawn");
    assert_eq!(f.app.figures(&f.campaign).await, (100.0, 0.0, 0.0));
    f.verify(&checkin, &f.manager).await.is_problem(409, "checkin_decided");
    f.app.figures_are_recounted().await;
}

#[actix_web::test]
async fn one_bad_item_of_a_batch_never_stops_the_others() {
    let f = field().await;
    let item = |quantity: f64| {
        let mut item = f.app.new_checkin(&f.pledge, quantity);
        item["pledge_id"] = json!(f.pledge.id);
        item
    };
    let mut foreign = item(1.0);
    foreign["pledge_id"] = json!(uuid::Uuid::now_v7());
    let mut odd = item(1.0);
    odd["colour"] = json!("red");
    let good = item(2.0);
    let body = json!({"items": [good, foreign, odd, good, item(3.0)]});

    let answer = f.app.post("/v1/checkins/batch").caller(&f.member).json(body.clone()).await.expect(200);

    let outcomes: Vec<_> = answer["items"].as_array().unwrap().iter().map(|item| text(&item["outcome"])).collect();
    assert_eq!(outcomes, ["created", "refused", "refused", "replayed", "created"]);
    assert_eq!(answer["items"][1]["problem"]["code"], "not_found");
    assert_eq!(answer["items"][2]["problem"]["errors"][0]["pointer"], "/colour");
    assert_eq!(answer["items"][0]["id"], good["id"]);
    assert_eq!(f.app.figures(&f.campaign).await, (100.0, 5.0, 0.0));
    let again = f.app.post("/v1/checkins/batch").caller(&f.member).json(body).await.expect(200);
    assert_eq!(again["items"][4]["outcome"], "replayed");
    f.app.figures_are_recounted().await;
}

#[actix_web::test]
async fn two_batches_of_the_same_checkins_in_other_orders_never_wait_for_each_other() {
    let f = field().await;
    let item = || {
        let mut item = f.app.new_checkin(&f.pledge, 0.5);
        item["pledge_id"] = json!(f.pledge.id);
        item
    };
    let forth: Vec<_> = (0..40).map(|_| item()).collect();
    let back: Vec<_> = forth.iter().rev().cloned().collect();
    let send = async |items: &Vec<serde_json::Value>| {
        let body = json!({"items": items});
        f.app.post("/v1/checkins/batch").caller(&f.member).json(body).await.expect(200)
    };

    let (one, other) = futures_util::future::join(send(&forth), send(&back)).await;

    for (answer, items) in [(&one, &forth), (&other, &back)] {
        let ids: Vec<_> = answer["items"].as_array().unwrap().iter().map(|item| &item["id"]).collect();
        assert_eq!(ids, items.iter().map(|item| &item["id"]).collect::<Vec<_>>());
    }
    let created = [&one, &other].into_iter().flat_map(|answer| answer["items"].as_array().unwrap());
    assert_eq!(created.filter(|item| item["outcome"] == "created").count(), 40);
    assert_eq!(f.app.figures(&f.campaign).await, (100.0, 20.0, 0.0));
    f.app.figures_are_recounted().await;
}

#[actix_web::test]
async fn decomposed_vietnamese_and_emoji_are_kept_in_one_form() {
    let f = field().await;
    let mut body = f.app.new_checkin(&f.pledge, 1.0);
    body["note"] = json!("Tro\u{302}\u{300}ng ca\u{302}y 🌳");

    let made = f.app.post(f.url()).caller(&f.member).json(body).await.expect(201);

    assert_eq!(made["note"], "Trồng cây 🌳");
}

#[actix_web::test]
async fn checking_in_before_signing_is_a_conflict() {
    let f = field().await;
    let url = format!("/v1/campaigns/{}/pledges", f.campaign.id);
    let made = f.app.post(url).caller(&f.member).json(f.app.new_pledge(&f.campaign)).await.expect(201);
    let draft = Pledge { id: text(&made["id"]), commitment: text(&made["commitments"][0]["id"]) };

    let url = format!("/v1/pledges/{}/checkins", draft.id);
    let answer = f.app.post(url).caller(&f.member).json(f.app.new_checkin(&draft, 1.0)).await;
    answer.is_problem(409, "pledge_not_signed");
}

#[actix_web::test]
async fn many_at_once_from_many_members_all_count() {
    let f = field().await;
    let pledge = f.app.unit_pledge(&f.manager, &f.unit, &f.campaign).await;
    let mut members = Vec::new();
    for _ in 0..4 {
        members.push(f.app.member_of(&f.unit).await);
    }

    let url = format!("/v1/pledges/{}/checkins", pledge.id);
    let sends = (0..40).map(|place| {
        let member = &members[place % members.len()];
        let body = f.app.new_checkin(&pledge, 0.1);
        let request = f.app.post(&url).caller(member).json(body);
        async move { request.await.expect(201) }
    });
    join_all(sends).await;

    assert_eq!(f.app.figures(&f.campaign).await, (200.0, 4.0, 0.0));
    f.app.figures_are_recounted().await;
}

#[actix_web::test]
async fn whatever_an_item_of_a_batch_is_the_others_are_taken() {
    let f = field().await;
    let item = |note: &str| {
        let mut item = f.app.new_checkin(&f.pledge, 2.0);
        item["pledge_id"] = json!(f.pledge.id);
        item["note"] = json!(note);
        item
    };
    let good = item("Tro\u{302}\u{300}ng ca\u{302}y");
    let mut without_id = item("x");
    without_id.as_object_mut().unwrap().remove("id");
    let mut of_no_pledge = item("x");
    of_no_pledge.as_object_mut().unwrap().remove("pledge_id");
    let bad = item("a\u{0}b");
    let body = json!({"items": [bad, 7, null, "text", ["list"], without_id, of_no_pledge, good]});

    let answer = f.app.post("/v1/checkins/batch").caller(&f.member).json(body).await.expect(200);

    let items = answer["items"].as_array().unwrap();
    let fault = |place: usize| {
        let fault = &items[place]["problem"]["errors"][0];
        (fault["pointer"].as_str().unwrap().to_owned(), text(&fault["code"]))
    };
    assert!(items[..7].iter().all(|item| item["outcome"] == "refused"), "{answer}");
    assert_eq!((&items[0]["id"], fault(0)), (&bad["id"], ("/note".into(), "invalid_character".into())));
    let no_objects: Vec<_> = (1..5).map(fault).collect();
    assert_eq!(no_objects, vec![(String::new(), "wrong_type".to_owned()); 4]);
    assert!(items[1..5].iter().all(|item| item["id"] == json!(null)));
    assert_eq!((fault(5), fault(6)), (("/id".into(), "missing".into()), ("/pledge_id".into(), "missing".into())));
    assert_eq!((&items[7]["outcome"], &items[7]["checkin"]["note"]), (&json!("created"), &json!("Trồng cây")));
    assert_eq!(f.app.figures(&f.campaign).await, (100.0, 2.0, 0.0));
}

#[actix_web::test]
async fn an_item_of_a_batch_that_says_something_twice_is_refused_alone() {
    let f = field().await;
    let mut item = f.app.new_checkin(&f.pledge, 2.0);
    item["pledge_id"] = json!(f.pledge.id);
    let twice =
        f.app.new_checkin(&f.pledge, 3.0).to_string().replace("\"quantity\":3.0", "\"quantity\":3,\"quantity\":4");
    let send = |body: String| f.app.post("/v1/checkins/batch").caller(&f.member).body("application/json", body);

    let answer = send(format!("{{\"items\": [{twice}, {item}]}}")).await.expect(200);

    let items = answer["items"].as_array().unwrap();
    assert_eq!((&items[0]["outcome"], &items[1]["outcome"]), (&json!("refused"), &json!("created")), "{answer}");
    let fault = &items[0]["problem"]["errors"][0];
    assert_eq!((&fault["pointer"], &fault["code"]), (&json!("/quantity"), &json!("duplicate")));
    send(format!("{{\"items\": [{item}], \"items\": []}}")).await.has_faults(&[("/items", "duplicate")]);
}

#[actix_web::test]
async fn a_batch_is_a_list_of_one_to_a_hundred() {
    let f = field().await;
    let send = |body: serde_json::Value| f.app.post("/v1/checkins/batch").caller(&f.member).json(body);

    send(json!({"items": []})).await.has_faults(&[("/items", "too_few")]);
    send(json!({"items": vec![1; 101]})).await.has_faults(&[("/items", "too_many")]);
    send(json!({"items": 7, "colour": "red"}))
        .await
        .has_faults(&[("/items", "wrong_type"), ("/colour", "unknown_field")]);
    send(json!([])).await.has_faults(&[("", "wrong_type")]);
}

#[actix_web::test]
async fn a_returned_checkin_that_is_changed_waits_for_a_new_decision() {
    let f = field().await;
    let checkin = f.app.check_in(&f.member, &f.pledge, 5.0).await;
    let url = format!("/v1/checkins/{checkin}");
    let reason = json!({"reason": "Ảnh chưa rõ"});
    let returned = f.app.post(format!("{url}/return")).caller(&f.manager).json(reason).await.expect(200);
    assert!(returned["decided_at"].is_string());

    let changed = f.app.patch(&url).caller(&f.member).json(json!({"quantity": 4})).await.expect(200);

    assert_eq!((&changed["decided_at"], &changed["return_reason"]), (&json!(null), &json!(null)));
    use sea_orm::EntityTrait as _;
    let row = thidua::entity::checkin::Entity::find().one(f.app.app.db.reads()).await.unwrap().unwrap();
    assert_eq!(row.decided_by, None);
}

#[actix_web::test]
async fn another_day_that_is_told_late_is_late() {
    let f = field().await;
    let checkin = f.app.check_in(&f.member, &f.pledge, 5.0).await;
    let url = format!("/v1/checkins/{checkin}");
    f.app.clock.advance(chrono::Duration::days(20));
    let member = f.app.sign_in(&f.member.id).await;

    let same_day = f.app.patch(&url).caller(&member).json(json!({"note": "Đã đếm lại"})).await.expect(200);
    assert_eq!(same_day["flags"], json!([]));
    let moved = json!({"occurred_at": "2026-03-09T01:00:00Z"});
    assert_eq!(f.app.patch(&url).caller(&member).json(moved).await.expect(200)["flags"], json!(["late"]));
}

#[actix_web::test]
async fn nothing_is_withdrawn_from_a_campaign_that_is_over() {
    let f = field().await;
    let (kept, gone) =
        (f.app.check_in(&f.member, &f.pledge, 5.0).await, f.app.check_in(&f.member, &f.pledge, 1.0).await);
    let url = |checkin: &str| format!("/v1/checkins/{checkin}");
    f.app.delete(url(&gone)).caller(&f.member).await.expect(204);
    f.app.post(format!("/v1/campaigns/{}/close", f.campaign.id)).caller(&f.app.admin).json(json!({})).await.expect(200);

    f.app.delete(url(&kept)).caller(&f.member).await.is_problem(409, "campaign_not_launched");
    f.app.delete(url(&gone)).caller(&f.member).await.expect(204);
    assert_eq!(f.app.figures(&f.campaign).await, (100.0, 5.0, 0.0));
}

#[actix_web::test]
async fn after_a_merge_the_manager_of_what_goes_on_decides_on_what_was_told_before() {
    let app = TestApp::start().await;
    let (old, new) = (app.unit("Chi bộ cũ").await, app.unit("Chi bộ mới").await);
    let (manager, campaign) = (app.manager_of(&new).await, app.campaign_of(&new).await);
    let (own, other) = (app.check_in_unverified(&old, &campaign).await, app.check_in_unverified(&old, &campaign).await);
    let of_old = app.unit_pledge(&app.manager_of(&old).await, &old, &campaign).await;
    let of_unit = app.check_in(&app.member_of(&old).await, &of_old, 3.0).await;
    let url = format!("/v1/checkins/{own}");
    app.get(&url).caller(&manager).await.is_problem(404, "not_found");

    let merge = json!({"into_unit_id": new.id});
    app.post(format!("/v1/units/{}/merge", old.id)).caller(&app.admin).json(merge).await.expect(200);

    let waiting = app.get("/v1/review-queue").caller(&manager).await.expect(200);
    assert_eq!(waiting["items"].as_array().unwrap().len(), 3);
    app.get(&url).caller(&manager).await.expect(200);
    for id in [&own, &of_unit] {
        let verify = format!("/v1/checkins/{id}/verify");
        let verified = app.post(verify).caller(&manager).json(json!({})).await.expect(200);
        assert_eq!(verified["status"], "verified");
    }
    let reason = json!({"reason": "Ảnh chưa rõ"});
    let returned = app.post(format!("/v1/checkins/{other}/return")).caller(&manager).json(reason).await.expect(200);
    assert_eq!(returned["return_reason"], "Ảnh chưa rõ");
    app.figures_are_recounted().await;
}

#[actix_web::test]
async fn null_clears_the_note_and_is_refused_where_there_is_always_a_value() {
    let f = field().await;
    let mut body = f.app.new_checkin(&f.pledge, 1.0);
    body["note"] = json!("Trồng cây");
    let made = f.app.post(f.url()).caller(&f.member).json(body).await.expect(201);
    let url = format!("/v1/checkins/{}", text(&made["id"]));

    let refused = f.app.patch(&url).caller(&f.member).json(json!({"quantity": null, "occurred_at": null})).await;
    refused.has_faults(&[("/quantity", "wrong_type"), ("/occurred_at", "wrong_type")]);
    let changed = f.app.patch(&url).caller(&f.member).json(json!({"note": null})).await.expect(200);
    assert_eq!(changed["note"], json!(null));
}

#[actix_web::test]
async fn a_moment_is_kept_to_the_microsecond() {
    let f = field().await;
    let mut body = f.app.new_checkin(&f.pledge, 1.0);
    body["occurred_at"] = json!("2026-03-10T01:00:00.123456789Z");
    let made = f.app.post(f.url()).caller(&f.member).json(body.clone()).await.expect(201);
    let url = format!("/v1/checkins/{}", text(&made["id"]));

    let found = f.app.get(&url).caller(&f.member).await.expect(200);
    assert_eq!(
        (&made["occurred_at"], &found["occurred_at"]),
        (&json!("2026-03-10T01:00:00.123456Z"), &made["occurred_at"])
    );
    assert_eq!(f.app.post(f.url()).caller(&f.member).json(body).await.status, 200);
    let patch = json!({"occurred_at": "2026-03-10T01:00:00.9999999Z"});
    let changed = f.app.patch(&url).caller(&f.member).json(patch).await.expect(200);
    assert_eq!(changed["occurred_at"], "2026-03-10T01:00:00.999999Z");
}

#[actix_web::test]
async fn every_checkin_is_in_the_audit_log_once_without_what_its_author_says() {
    use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
    use thidua::entity::audit_row;
    let f = field().await;
    let mut item = f.app.new_checkin(&f.pledge, 2.0);
    item["note"] = json!("Nhà bác Năm");
    f.app.post(f.url()).caller(&f.member).json(item.clone()).await.expect(201);
    f.app.post(f.url()).caller(&f.member).json(item.clone()).await.expect(200);
    let mut other = f.app.new_checkin(&f.pledge, 3.0);
    for item in [&mut item, &mut other] {
        item["pledge_id"] = json!(f.pledge.id);
    }
    f.app.post("/v1/checkins/batch").caller(&f.member).json(json!({"items": [item, other]})).await.expect(200);

    let rows = audit_row::Entity::find()
        .filter(audit_row::Column::Action.eq("create_checkin"))
        .all(f.app.app.db.reads())
        .await
        .unwrap();

    let quantities: Vec<_> = rows.iter().map(|row| row.after.clone().unwrap()["quantity"].clone()).collect();
    assert_eq!(quantities, [json!(2), json!(3)]);
    assert!(rows.iter().all(|row| !format!("{row:?}").contains("Năm")));
}
