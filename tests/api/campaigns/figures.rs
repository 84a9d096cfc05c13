//! Figures that no permitted call can break: sums past 64 bits, totals that are full, and the bounds that keep both rare.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    harness::{Answer, Campaign, Person, Pledge, TestApp, Unit, text},
    operations::command::{bare, complaint, out},
};

/// The largest quantity that there is.
const LARGEST: f64 = 999_999_999_999.999;
/// What a total can hold of them; room for 9 is left then.
const FULL: usize = 9_000;

impl TestApp {
    async fn new_pledge_of(&self, member: &Person, campaign: &Campaign, body: &Value) -> Answer {
        self.post(format!("/v1/campaigns/{}/pledges", campaign.id)).caller(member).json(body.clone()).await
    }

    /// A member's signed pledge of so much, for the campaign's target or for none.
    async fn promise(&self, member: &Person, campaign: &Campaign, quantity: f64, has_target: bool) -> Pledge {
        let mut new = self.new_pledge(campaign);
        new["commitments"][0]["quantity"] = json!(quantity);
        if !has_target {
            new["commitments"][0]["target_id"] = Value::Null;
        }
        let made = self.new_pledge_of(member, campaign, &new).await.expect(201);
        let pledge = Pledge { id: text(&made["id"]), commitment: text(&made["commitments"][0]["id"]) };
        self.post(format!("/v1/pledges/{}/sign", pledge.id)).caller(member).json(json!({})).await.expect(200);
        pledge
    }

    async fn report(&self, member: &Person, pledge: &Pledge, quantity: f64) -> Value {
        let url = format!("/v1/pledges/{}/checkins", pledge.id);
        self.post(url).caller(member).json(self.new_checkin(pledge, quantity)).await.expect(201)
    }

    async fn verify(&self, checkin: &Value, by: &Person) -> Answer {
        self.post(format!("/v1/checkins/{}/verify", text(&checkin["id"]))).caller(by).json(json!({})).await
    }

    /// The progress as it was sent: a JSON parser would round its numbers.
    async fn progress_text(&self, campaign: &Campaign, query: &str) -> String {
        let url = format!("/v1/campaigns/{}/progress{query}", campaign.id);
        let answer = self.get(url).caller(&self.admin).await;
        answer.expect(200);
        answer.text()
    }

    /// Puts so many copies of a check-in beside it, with what the ledger says of it, as that many requests would.
    fn copy(&self, checkin: &Value, copies: usize) {
        let id = text(&checkin["id"]);
        let (id, new_id, numbers) = if self.database_file().is_some() {
            let numbers =
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {copies}) SELECT i FROM n";
            let numbers = numbers.replace("{copies}", &copies.to_string());
            (format!("x'{}'", id.replace('-', "")), "randomblob(16)", format!("({numbers})"))
        } else {
            (format!("'{id}'"), "gen_random_uuid()", format!("generate_series(1, {copies})"))
        };
        let columns = "pledge_id, commitment_id, campaign_id, target_id, phase_id, unit_id, member_id, quantity, note, \
            occurred_at, received_at, day, latitude_e6, longitude_e6, accuracy_m, status, flags, return_reason, \
            decided_by, decided_at, content_hash, version";
        self.execute(format!(
            "INSERT INTO checkin (id, {columns}) SELECT {new_id}, {columns} FROM checkin, {numbers} AS numbers WHERE id = {id}"
        ));
        self.execute(format!(
            "INSERT INTO ledger_entry (checkin_id, commitment_id, target_id, unit_id, member_id, phase_id, day, figure, \
            delta, cause, recorded_at) SELECT c.id, e.commitment_id, e.target_id, e.unit_id, e.member_id, e.phase_id, \
            e.day, e.figure, e.delta, e.cause, e.recorded_at FROM checkin c, ledger_entry e WHERE e.checkin_id = {id} \
            AND NOT EXISTS (SELECT 1 FROM ledger_entry x WHERE x.checkin_id = c.id)"
        ));
    }
}

/// A pledge of fifty commitments at the largest quantity.
fn largest_pledge(app: &TestApp, campaign: &Campaign) -> Value {
    let mut new = app.new_pledge(campaign);
    let mut commitment = new["commitments"][0].clone();
    commitment["quantity"] = json!(LARGEST);
    new["commitments"] = json!(vec![commitment; 50]);
    new
}

#[actix_web::test]
async fn what_is_pledged_past_64_bits_is_summed_exactly() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Một").await;
    let campaign = app.campaign_of(&unit).await;
    let new = largest_pledge(&app, &campaign);
    for _ in 0..4 {
        let member = app.member_of(&unit).await;
        for _ in 0..50 {
            let made = app.new_pledge_of(&member, &campaign, &new).await.expect(201);
            let url = format!("/v1/pledges/{}/sign", text(&made["id"]));
            app.post(url).caller(&member).json(json!({})).await.expect(200);
        }
        app.new_pledge_of(&member, &campaign, &new).await.is_problem(409, "too_many_pledges");
    }

    let progress = app.progress_text(&campaign, "").await;

    // 4 members, 50 pledges, 50 commitments of 999,999,999,999.999 each: more thousandths than 2^63.
    assert_eq!(progress.matches("\"pledged\":9999999999999990,").count(), 2, "{progress}");
    app.get(format!("/v1/units/{}/progress", unit.id)).caller(&app.admin).await.expect(200);
    app.get(format!("/v1/targets/{}/explain", campaign.target)).caller(&app.admin).await.expect(200);
    app.figures_are_recounted().await;
}

#[actix_web::test]
async fn a_pledger_has_at_most_fifty_living_pledges_in_a_campaign() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Một").await;
    let (campaign, another) = (app.campaign_of(&unit).await, app.campaign_of(&unit).await);
    let (member, manager) = (app.member_of(&unit).await, app.manager_of(&unit).await);
    let mut of_unit = app.new_pledge(&campaign);
    of_unit["pledger"] = json!({"kind": "unit", "id": unit.id});
    let own = app.new_pledge(&campaign);
    let signed = app.promise(&member, &campaign, 1.0, true).await;
    let mut draft = Value::Null;
    for _ in 1..50 {
        draft = app.new_pledge_of(&member, &campaign, &own).await.expect(201);
    }
    for _ in 0..50 {
        app.new_pledge_of(&manager, &campaign, &of_unit).await.expect(201);
    }

    let refused = app.new_pledge_of(&member, &campaign, &own).await.is_problem(409, "too_many_pledges");
    assert!(text(&refused["detail"]).contains("50"));
    app.new_pledge_of(&manager, &campaign, &of_unit).await.is_problem(409, "too_many_pledges");

    // Somebody else, and another campaign, have places of their own.
    app.new_pledge_of(&manager, &campaign, &own).await.expect(201);
    app.new_pledge_of(&member, &another, &app.new_pledge(&another)).await.expect(201);
    // A draft that is deleted frees its place, and so does a pledge that is fulfilled.
    app.delete(format!("/v1/pledges/{}", text(&draft["id"]))).caller(&member).await.expect(204);
    app.new_pledge_of(&member, &campaign, &own).await.expect(201);
    app.new_pledge_of(&member, &campaign, &own).await.is_problem(409, "too_many_pledges");
    let done = app.report(&member, &signed, 1.0).await;
    app.verify(&done, &manager).await.expect(200);
    app.new_pledge_of(&member, &campaign, &own).await.expect(201);
    app.new_pledge_of(&member, &campaign, &own).await.is_problem(409, "too_many_pledges");
}

#[actix_web::test]
async fn a_lapsed_pledge_still_has_its_place() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Một").await;
    let campaign = app.campaign_of(&unit).await;
    let member = app.member_of(&unit).await;
    let mut new = app.new_pledge(&campaign);
    new["commitments"][0]["due_on"] = json!("2026-03-10");
    for _ in 0..50 {
        let made = app.new_pledge_of(&member, &campaign, &new).await.expect(201);
        let url = format!("/v1/pledges/{}/sign", text(&made["id"]));
        app.post(url).caller(&member).json(json!({})).await.expect(200);
    }

    app.clock.advance(chrono::Duration::days(2));
    let member = app.sign_in(&member.id).await;

    let pledges = app.get(format!("/v1/campaigns/{}/pledges?status=lapsed", campaign.id)).caller(&member).await;
    assert_eq!(pledges.expect(200)["items"].as_array().unwrap().len(), 20);
    app.new_pledge_of(&member, &campaign, &app.new_pledge(&campaign)).await.is_problem(409, "too_many_pledges");
}

#[actix_web::test]
async fn sixty_pledges_at_once_are_fifty() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Một").await;
    let campaign = app.campaign_of(&unit).await;
    let member = app.member_of(&unit).await;
    let (new, other) = (app.new_pledge(&campaign), app.replica_server().await);
    let url = format!("/v1/campaigns/{}/pledges", campaign.id);

    let answers = join_all((0..60).map(|place| {
        let request = app.post(&url).caller(&member).json(new.clone());
        let request = if place % 2 == 0 { request.via(&other) } else { request };
        async { request.await }
    }))
    .await;

    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 50);
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status != 201).collect();
    refused.iter().for_each(|answer| drop(answer.is_problem(409, "too_many_pledges")));
    assert_eq!(refused.len(), 10);
}

/// A campaign whose total has room for 9 more.
struct Full {
    app: TestApp,
    unit: Unit,
    campaign: Campaign,
    member: Person,
    manager: Person,
    pledge: Pledge,
    largest: Value,
}

async fn full() -> Full {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Một").await;
    let campaign = app.campaign_of(&unit).await;
    let (member, manager) = (app.member_of(&unit).await, app.manager_of(&unit).await);
    let (pledge, largest) = fill(&app, &member, &campaign).await;
    Full { app, unit, campaign, member, manager, pledge, largest }
}

async fn fill(app: &TestApp, member: &Person, campaign: &Campaign) -> (Pledge, Value) {
    let pledge = app.promise(member, campaign, LARGEST, true).await;
    let largest = app.report(member, &pledge, LARGEST).await;
    app.copy(&largest, FULL - 1);
    app.repair_figures().await;
    (pledge, largest)
}

impl Full {
    async fn report(&self, quantity: f64) -> Value {
        self.app.report(&self.member, &self.pledge, quantity).await
    }

    /// What is reported, digit by digit.
    async fn reported(&self) -> String {
        let progress = self.app.progress_text(&self.campaign, "").await;
        progress.split("\"reported\":").nth(1).unwrap().split(',').next().unwrap().to_owned()
    }
}

fn is_too_large(checkin: &Value) -> bool {
    checkin["status"] == "held" && checkin["flags"] == json!(["total_too_large"])
}

#[actix_web::test]
async fn a_checkin_that_a_total_has_no_room_for_is_held_and_its_neighbours_count() {
    let f = full().await;

    let (large, small) = (f.report(10.0).await, f.report(4.0).await);
    assert!(is_too_large(&large), "{large}");
    assert_eq!((&small["status"], &small["flags"]), (&json!("submitted"), &json!([])));
    let items = [2.0, 10.0, 3.0].map(|quantity| {
        let mut item = f.app.new_checkin(&f.pledge, quantity);
        item["pledge_id"] = json!(f.pledge.id);
        item
    });
    let batch = f.app.post("/v1/checkins/batch").caller(&f.member).json(json!({"items": items})).await.expect(200);

    let of_batch = [0, 1, 2].map(|place| &batch["items"][place]["checkin"]);
    assert_eq!(of_batch.map(|checkin| text(&checkin["status"])), ["submitted", "held", "submitted"]);
    assert!(is_too_large(of_batch[1]));
    // What was answered is what is found.
    for checkin in [&large, of_batch[1]] {
        let url = format!("/v1/checkins/{}", text(&checkin["id"]));
        assert_eq!(f.app.get(url).caller(&f.member).await.expect(200), *checkin);
    }
    assert_eq!(f.reported().await, "9000000000000000");
    assert_eq!(f.report(0.001).await["status"], "held");
    f.app.figures_are_recounted().await;
}

#[actix_web::test]
async fn a_change_that_a_total_has_no_room_for_is_held_until_it_fits() {
    let f = full().await;
    let made = f.report(4.0).await;
    let url = format!("/v1/checkins/{}", text(&made["id"]));
    let change =
        async |quantity: f64| f.app.patch(&url).caller(&f.member).json(json!({"quantity": quantity})).await.expect(200);
    let before = "8999999999999991";

    assert_eq!(f.reported().await, "8999999999999995");
    assert!(is_too_large(&change(20.0).await));
    assert_eq!(f.reported().await, before);
    f.app.figures_are_recounted().await;
    assert_eq!(change(9.0).await["status"], "submitted");
    assert_eq!(f.reported().await, "9000000000000000");
    f.app.figures_are_recounted().await;
}

#[actix_web::test]
async fn what_moves_to_a_total_that_has_no_room_for_it_is_held_and_leaves_the_other() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Một").await;
    let phases = json!([{"name": "Đợt 1", "starts_on": "2026-01-01", "ends_on": "2026-03-08"},
        {"name": "Đợt 2", "starts_on": "2026-03-09", "ends_on": "2026-12-31"}]);
    let campaign = app.draft_campaign(&unit, json!({"phases": phases})).await;
    app.post(format!("/v1/campaigns/{}/launch", campaign.id)).caller(&app.admin).json(json!({})).await.expect(200);
    let member = app.member_of(&unit).await;
    let (pledge, _) = fill(&app, &member, &campaign).await;
    let mut new = app.new_checkin(&pledge, 30.0);
    new["occurred_at"] = json!("2026-03-08T02:00:00Z");
    let url = format!("/v1/pledges/{}/checkins", pledge.id);
    let made = app.post(url).caller(&member).json(new).await.expect(201);
    assert_eq!(made["status"], "submitted");
    assert!(app.progress_text(&campaign, "").await.contains("\"reported\":9000000000000021,"));

    let url = format!("/v1/checkins/{}", text(&made["id"]));
    let moved = app.patch(&url).caller(&member).json(json!({"occurred_at": "2026-03-09T02:00:00Z"})).await.expect(200);

    assert!(is_too_large(&moved), "{moved}");
    assert!(app.progress_text(&campaign, "").await.contains("\"reported\":8999999999999991,"));
    app.figures_are_recounted().await;
}

#[actix_web::test]
async fn what_still_does_not_fit_is_not_verified_and_stays_held() {
    let f = full().await;
    let held = f.report(10.0).await;
    let url = format!("/v1/checkins/{}", text(&held["id"]));

    let refused = f.app.verify(&held, &f.manager).await.is_problem(409, "total_too_large");
    assert!(text(&refused["detail"]).contains("9000000000000000"));
    f.app.verify(&held, &f.manager).await.is_problem(409, "total_too_large");
    assert_eq!(f.app.get(&url).caller(&f.member).await.expect(200), held);

    let largest = format!("/v1/checkins/{}", text(&f.largest["id"]));
    f.app.delete(largest).caller(&f.member).await.expect(204);
    assert_eq!(f.app.verify(&held, &f.manager).await.expect(200)["status"], "verified");
    f.app.figures_are_recounted().await;
}

#[actix_web::test]
async fn of_twenty_at_once_as_many_count_as_there_is_room_for() {
    let f = full().await;
    let url = format!("/v1/pledges/{}/checkins", f.pledge.id);

    let answers = join_all((0..20).map(|_| async {
        let body = f.app.new_checkin(&f.pledge, 1.0);
        f.app.post(&url).caller(&f.member).json(body).await.expect(201)
    }))
    .await;

    let (held, counted): (Vec<_>, Vec<_>) = answers.iter().partition(|checkin| checkin["status"] == "held");
    assert_eq!((counted.len(), held.len()), (9, 11));
    assert!(held.into_iter().all(is_too_large));
    assert_eq!(f.reported().await, "9000000000000000");
    f.app.figures_are_recounted().await;
}

#[actix_web::test]
async fn of_two_held_ones_that_are_verified_at_once_the_one_that_fits_counts() {
    let f = full().await;
    let largest = f.report(10.0).await;
    let (one, other) = (f.report(9.5).await, f.report(9.25).await);
    assert!([&largest, &one, &other].into_iter().all(is_too_large));
    let made_room = f.app.patch(format!("/v1/checkins/{}", text(&f.largest["id"]))).caller(&f.member);
    made_room.json(json!({"quantity": LARGEST - 8.0})).await.expect(200);

    let (first, second) =
        futures_util::future::join(f.app.verify(&one, &f.manager), f.app.verify(&other, &f.manager)).await;

    let (verified, refused) = if first.status == 200 { (first, second) } else { (second, first) };
    assert_eq!(verified.expect(200)["status"], "verified");
    refused.is_problem(409, "total_too_large");
    f.app.figures_are_recounted().await;
}

#[actix_web::test]
async fn the_totals_of_merged_units_are_summed_past_64_bits() {
    let f = full().await;
    let other = f.app.unit("Chi bộ Hai").await;
    let member = f.app.member_of(&other).await;
    fill(&f.app, &member, &f.campaign).await;
    let merge = json!({"into_unit_id": f.unit.id, "on": "2026-03-10"});

    f.app.post(format!("/v1/units/{}/merge", other.id)).caller(&f.app.admin).json(merge).await.expect(200);

    for query in ["", "?as_of=2026-03-10"] {
        let progress = f.app.progress_text(&f.campaign, query).await;
        assert_eq!(progress.matches("\"reported\":17999999999999982,").count(), 2, "{progress}");
    }
    let of_unit = f.app.get(format!("/v1/units/{}/progress", f.unit.id)).caller(&f.app.admin).await;
    assert!(of_unit.text().contains("\"reported\":17999999999999982,"), "{}", of_unit.text());
    f.app.figures_are_recounted().await;
}

#[actix_web::test]
async fn what_comes_of_a_commitment_is_summed_past_64_bits() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Một").await;
    let campaign = app.campaign_of(&unit).await;
    let (member, manager) = (app.member_of(&unit).await, app.manager_of(&unit).await);
    let pledge = app.promise(&member, &campaign, LARGEST, false).await;
    let largest = app.report(&member, &pledge, LARGEST).await;
    app.verify(&largest, &manager).await.expect(200);
    app.copy(&largest, 9_299);

    let last = app.report(&member, &pledge, 1.0).await;
    app.verify(&last, &manager).await.expect(200);

    let found = app.get(format!("/v1/pledges/{}", pledge.id)).caller(&member).await;
    assert_eq!(found.expect(200)["status"], "fulfilled");
    // 9,300 of the largest, and 1.
    let verified = "\"reported\":9299999999999991.7,\"verified\":9299999999999991.7,\"percent\":930000}";
    assert!(found.text().contains(verified), "{}", found.text());
    app.get(format!("/v1/campaigns/{}/pledges", campaign.id)).caller(&member).await.expect(200);
    app.figures_are_recounted().await;
}

#[actix_web::test]
async fn a_total_that_overflowed_before_is_answered_and_repaired() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Một").await;
    let campaign = app.campaign_of(&unit).await;
    let (member, manager) = (app.member_of(&unit).await, app.manager_of(&unit).await);
    let pledge = app.promise(&member, &campaign, LARGEST, true).await;
    let (small, withdrawn) = (app.report(&member, &pledge, 5.0).await, app.report(&member, &pledge, 7.0).await);
    let largest = app.report(&member, &pledge, LARGEST).await;
    app.verify(&largest, &manager).await.expect(200);
    app.copy(&largest, 9_600);
    // SQLite goes on in floating point where an integer overflows; PostgreSQL stops before.
    let overflow = if app.database_file().is_some() { "9.3e18" } else { "9223372036854775807" };
    app.execute(format!("UPDATE target_unit_total SET reported = {overflow}, verified = {overflow}"));
    assert!(is_too_large(&app.report(&member, &pledge, 1.0).await));
    app.delete(format!("/v1/checkins/{}", text(&withdrawn["id"]))).caller(&member).await.expect(204);

    app.progress_text(&campaign, "").await;
    app.get(format!("/v1/targets/{}/explain", campaign.target)).caller(&app.admin).await.expect(200);
    let recount = |option: &str| {
        bare(&["recount", option, "--database", &app.database_url()]).current_dir(app.files.path()).output().unwrap()
    };
    assert_eq!(recount("--verify").status.code(), Some(1));
    let repaired = recount("--repair");

    // More than are held at a time.
    assert_eq!(repaired.status.code(), Some(0), "{}{}", out(&repaired), complaint(&repaired));
    assert_eq!(recount("--verify").status.code(), Some(0));
    app.figures_are_recounted().await;
    let held = app.count("SELECT id FROM checkin WHERE status = 'held' AND quantity > 1000");
    assert_eq!(held, 601);
    let progress = app.progress_text(&campaign, "").await;
    assert!(progress.contains("\"reported\":8999999999999996,\"verified\":8999999999999991,"), "{progress}");
    let url = format!("/v1/checkins/{}", text(&small["id"]));
    assert_eq!(app.get(url).caller(&member).await.expect(200)["status"], "submitted");
}

/// Three members of the unit who have pledged so much each.
async fn others(app: &TestApp, unit: &Unit, campaign: &Campaign, quantity: f64) -> Vec<(Person, Pledge)> {
    let mut others = Vec::new();
    for _ in 0..3 {
        let member = app.member_of(unit).await;
        let pledge = app.promise(&member, campaign, quantity, true).await;
        others.push((member, pledge));
    }
    others
}

#[actix_web::test]
async fn a_thousand_times_what_others_pledge_is_held() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Một").await;
    let campaign = app.campaign_of(&unit).await;
    others(&app, &unit, &campaign, 10.0).await;
    let member = app.member_of(&unit).await;
    let pledge = app.promise(&member, &campaign, LARGEST, true).await;

    let (likely, unlikely) =
        (app.report(&member, &pledge, 10_000.0).await, app.report(&member, &pledge, 10_000.001).await);

    assert_eq!((&likely["status"], &likely["flags"]), (&json!("submitted"), &json!([])));
    assert_eq!((&unlikely["status"], &unlikely["flags"]), (&json!("held"), &json!(["unlikely_quantity"])));
    // A promise is a promise: it stands in the figures.
    assert!(app.progress_text(&campaign, "").await.contains("\"pledged\":1000000000029.999,"));
}

#[actix_web::test]
async fn two_others_say_nothing_of_what_is_usual() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Một").await;
    let campaign = app.campaign_of(&unit).await;
    for _ in 0..2 {
        let other = app.member_of(&unit).await;
        app.promise(&other, &campaign, 10.0, true).await;
    }
    let member = app.member_of(&unit).await;
    let pledge = app.promise(&member, &campaign, LARGEST, true).await;

    assert_eq!(app.report(&member, &pledge, LARGEST).await["status"], "submitted");
}

#[actix_web::test]
async fn what_others_report_is_looked_at_every_hour() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Một").await;
    let campaign = app.campaign_of(&unit).await;
    let manager = app.manager_of(&unit).await;
    let mut people = others(&app, &unit, &campaign, 100.0).await;
    let member = app.member_of(&unit).await;
    people.push((member.clone(), app.promise(&member, &campaign, 1_000.0, true).await));
    for (person, pledge) in &people {
        let done = app.report(person, pledge, 1.0).await;
        app.verify(&done, &manager).await.expect(200);
    }
    let report = async |member: &Person| app.report(member, &people[3].1, 1_500.0).await;

    thidua::relay::housekeeping::delete_old(&app.app).await;
    assert_eq!(report(&member).await["flags"], json!([]));
    app.clock.advance(chrono::Duration::minutes(61));
    thidua::relay::housekeeping::delete_old(&app.app).await;

    let member = app.sign_in(&member.id).await;
    assert_eq!(report(&member).await["flags"], json!(["unlikely_quantity"]));
}

#[actix_web::test]
async fn what_is_usual_is_found_at_most_once_a_minute_once_it_is_known() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Một").await;
    let campaign = app.campaign_of(&unit).await;
    others(&app, &unit, &campaign, 10.0).await;
    app.promise(&app.member_of(&unit).await, &campaign, 10.0, true).await;
    let known = |quantity: i64| app.count(format!("SELECT id FROM target WHERE usual_quantity = {quantity}"));
    let sign = async || {
        for _ in 0..5 {
            app.promise(&app.member_of(&unit).await, &campaign, 20.0, true).await;
        }
    };

    sign().await;
    assert_eq!(known(10_000), 1);
    app.clock.advance(chrono::Duration::minutes(1));
    sign().await;

    assert_eq!(known(20_000), 1);
}
