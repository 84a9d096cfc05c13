//! Erasures that meet something else at the same moment: whatever their order, nothing of the person stays, and neither
//! fails. And erasures that cannot be committed.

use std::{
    cell::Cell,
    future::Future,
    io::Cursor,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use futures_util::FutureExt as _;
use sea_orm::{ConnectionTrait as _, DbBackend, EntityTrait as _, Statement};
use serde_json::{Value, json};
use thidua::{
    app::erasures,
    db::Actor,
    entity,
    kit::{http::IfMatch, values::MemberId},
    outbox::Event,
    personal_data::{self, Found, Rows, Source},
    relay::worker::tick,
    sandbox::zalo::Endpoint,
};
use tokio::task::yield_now;

use super::personal_data::found_in;
use crate::harness::{Answer, Campaign, Person, TestApp, Unit, ZaloStandIn, heard, listen, text};

const NAME: &str = "Sentineltoerase";
const ROUNDS: usize = 8;
/// How long something may take to end, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

struct Scene {
    app: TestApp,
    zalo: ZaloStandIn,
    unit: Unit,
    campaign: Campaign,
}

async fn scene() -> Scene {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let unit = app.unit("Chi bộ 1").await;
    let campaign = app.campaign_of(&unit).await;
    Scene { app, zalo, unit, campaign }
}

impl Scene {
    async fn member(&self) -> Person {
        self.app.member_named(&self.unit, NAME).await
    }

    /// The member is erased while something else goes on, which begins a little earlier or later in each round.
    async fn meet(&self, round: usize, member: &Person, other: impl Future<Output = Answer>) -> Answer {
        let erase = async {
            wait(round % 4 * 5).await;
            self.app.delete("/v1/me").caller(member).await
        };
        let other = async {
            wait(round / 4 * 5).await;
            other.await
        };
        let (erased, other) = tokio::join!(erase, other);
        erased.expect(204);
        other
    }

    async fn nothing_is_left(&self) {
        self.app.app.db.forget_freed_pages().await.unwrap();
        let left = found_in(&self.app, &[NAME.to_owned()]).await;
        assert!(left.is_empty(), "{left:#?}");
        let db = self.app.app.db.reads();
        for table in personal_data::tables().filter(|table| table.rows == Rows::Go) {
            for found in table.found {
                let Found::By(column) = found else { continue };
                let erased = "SELECT \"id\" FROM \"member\" WHERE \"erased_at\" IS NOT NULL";
                let sql = format!("SELECT 1 FROM \"{}\" WHERE \"{column}\" IN ({erased})", table.name);
                let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
                assert_eq!(rows.len(), 0, "{}", table.name);
            }
        }
        let pictures = std::fs::read_dir(self.app.files.path().join("media/avatars")).map_or(0, Iterator::count);
        assert_eq!(pictures, 0);
        self.app.figures_are_recounted().await;
    }
}

async fn wait(turns: usize) {
    for _ in 0..turns {
        yield_now().await;
    }
}

/// It was done before the erasure, or it is about nobody any more.
#[track_caller]
fn is_settled(answer: &Answer) {
    assert!([200, 201, 401, 404].contains(&answer.status), "{}", answer.text());
}

#[actix_web::test]
async fn a_picture_that_is_put_up_meanwhile_goes() {
    let scene = scene().await;
    for round in 0..ROUNDS {
        let member = scene.member().await;
        let colour = u8::try_from(round).unwrap();
        let mut bytes = Cursor::new(Vec::new());
        let picture = image::RgbImage::from_pixel(64, 64, image::Rgb([colour, 9, 9]));
        image::DynamicImage::ImageRgb8(picture).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        let put = scene.app.put("/v1/me/avatar").caller(&member).bytes("image/png", bytes.into_inner());

        is_settled(&scene.meet(round, &member, put.into_future()).await);
    }
    scene.nothing_is_left().await;
}

#[actix_web::test]
async fn a_request_under_a_key_whose_time_is_over_is_no_obstacle() {
    let scene = scene().await;
    let ask = |member: &Person| {
        let body = json!({"kind": "correction", "detail": NAME});
        scene.app.post("/v1/me/data-requests").caller(member).header("Idempotency-Key", "again").json(body)
    };
    let mut members = Vec::new();
    for _ in 0..20 {
        let member = scene.member().await;
        ask(&member).await.expect(201);
        members.push(member);
    }
    scene.app.clock.advance(TimeDelta::hours(25));

    for (round, member) in members.iter().enumerate() {
        let member = scene.app.sign_in(&member.id).await;
        is_settled(&scene.meet(round, &member, ask(&member).into_future()).await);
    }

    scene.nothing_is_left().await;
}

#[actix_web::test]
async fn what_is_decided_on_a_consent_meanwhile_is_no_obstacle() {
    let scene = scene().await;
    for round in 0..ROUNDS {
        let member = scene.member().await;
        let body = json!({"consents": [{"kind": "location", "version": 1, "agreed": true}]});
        let decide = scene.app.put("/v1/me/consents").caller(&member).header("Idempotency-Key", "decided").json(body);

        is_settled(&scene.meet(round, &member, decide.into_future()).await);
    }
    scene.nothing_is_left().await;
}

#[actix_web::test]
async fn a_profile_that_is_changed_meanwhile_is_erased_as_it_is_then() {
    let scene = scene().await;
    for round in 0..ROUNDS {
        let member = scene.member().await;
        let body = json!({"display_name": "Sentineltoerase Mới", "email": "sentineltoerase@example.vn"});
        let update = scene.app.patch("/v1/me").caller(&member).json(body);

        is_settled(&scene.meet(round, &member, update.into_future()).await);
    }
    scene.nothing_is_left().await;
}

#[actix_web::test]
async fn a_check_in_that_comes_in_meanwhile_keeps_no_word_of_its_author() {
    let scene = scene().await;
    for round in 0..ROUNDS {
        let member = scene.member().await;
        let pledge = scene.app.pledge_of(&member, &scene.campaign).await;
        let mut body = scene.app.new_checkin(&pledge, 3.0);
        body["note"] = json!("Sentineltoerase đã trồng");
        let url = format!("/v1/pledges/{}/checkins", pledge.id);
        let check_in = scene.app.post(url).caller(&member).header("Idempotency-Key", "sent").json(body);

        is_settled(&scene.meet(round, &member, check_in.into_future()).await);
    }
    scene.nothing_is_left().await;
}

#[actix_web::test]
async fn a_check_in_that_is_verified_or_changed_meanwhile_waits_for_nobody_in_a_circle() {
    let scene = scene().await;
    for round in 0..ROUNDS {
        let member = scene.member().await;
        let pledge = scene.app.pledge_of(&member, &scene.campaign).await;
        let id = scene.app.check_in(&member, &pledge, 3.0).await;
        let verify = scene.app.post(format!("/v1/checkins/{id}/verify")).caller(&scene.app.admin).json(json!({}));
        let update = json!({"note": "Sentineltoerase nói thêm", "quantity": 4});
        let update = scene.app.patch(format!("/v1/checkins/{id}")).caller(&member).json(update);
        let other = if round % 2 == 0 { verify } else { update };

        is_settled(&scene.meet(round, &member, other.into_future()).await);
    }
    scene.nothing_is_left().await;
}

#[actix_web::test]
async fn a_pledge_that_is_written_meanwhile_keeps_no_word_of_its_author() {
    let scene = scene().await;
    for round in 0..ROUNDS {
        let member = scene.member().await;
        let mut body = scene.app.new_pledge(&scene.campaign);
        body["statement"] = json!("Sentineltoerase xin hứa");
        let url = format!("/v1/campaigns/{}/pledges", scene.campaign.id);
        let pledge = scene.app.post(url).caller(&member).json(body);

        is_settled(&scene.meet(round, &member, pledge.into_future()).await);
    }
    scene.nothing_is_left().await;
}

async fn sign_in(scene: &Scene) -> Value {
    let body = json!({"access_token": scene.zalo.follower().access_token});
    scene.app.post("/v1/auth/zalo").header("User-Agent", "sentineltoerase-device").json(body).await.expect(200)
}

#[actix_web::test]
async fn a_session_that_is_renewed_meanwhile_ends() {
    let scene = scene().await;
    for round in 0..ROUNDS {
        let session = sign_in(&scene).await;
        let member = scene.app.sign_in(&text(&session["member"]["id"])).await;
        let body = json!({"refresh_token": session["refresh_token"]});
        let renew = scene.app.post("/v1/auth/refresh").json(body);

        is_settled(&scene.meet(round, &member, renew.into_future()).await);
    }
    assert_eq!(scene.app.count("SELECT token_hash FROM refresh_token"), 0);
    scene.nothing_is_left().await;
}

#[actix_web::test]
async fn whoever_signs_in_meanwhile_is_linked_to_nobody_who_is_erased() {
    let scene = scene().await;
    let Scene { app, zalo, .. } = &scene;
    let people = [zalo.follower(), zalo.other_follower(), zalo.silent_follower(), zalo.stranger()];
    for (round, person) in people.into_iter().enumerate() {
        let new = json!({"display_name": NAME, "home_unit_id": scene.unit.id, "phone": person.phone});
        let made = app.post("/v1/members").caller(&app.admin).json(new).await.expect(201);
        let member = app.sign_in(&text(&made["id"])).await;
        // Every other one is known already, and has a session to end.
        if round % 2 == 0 {
            let body = json!({"access_token": person.access_token, "phone_code": zalo.phone_code(person)});
            app.post("/v1/auth/zalo").json(body).await.expect(200);
        }
        let body = json!({"access_token": person.access_token, "phone_code": zalo.phone_code(person)});
        let link = app.post("/v1/auth/zalo").header("User-Agent", "sentineltoerase-device").json(body);
        let asked = zalo.calls(Endpoint::SharedByCode);
        let erase = async {
            while zalo.calls(Endpoint::SharedByCode) == asked {
                yield_now().await;
            }
            wait(round * 5).await;
            app.delete("/v1/me").caller(&member).await
        };

        let (linked, erased) = tokio::join!(link.into_future(), erase);

        erased.expect(204);
        match linked.status {
            200 => {}
            _ => assert!(linked.is_problem(503, "unavailable")["title"].is_string()),
        }
        // Whoever came after the erasure is a new guest, and goes as well.
        if linked.status == 200 && linked.json()["member"]["id"] != made["id"] {
            let guest = app.sign_in(&text(&linked.json()["member"]["id"])).await;
            app.delete("/v1/me").caller(&guest).await.expect(204);
        }
    }
    scene.nothing_is_left().await;
}

#[actix_web::test]
async fn a_request_that_is_resolved_while_its_member_erases_themself_is_done_once() {
    let scene = scene().await;
    let app = &scene.app;
    for round in 0..ROUNDS {
        let member = scene.member().await;
        let new = json!({"member_id": member.id, "kind": "erasure", "detail": "Sentineltoerase xin xoá"});
        let request = app.post("/v1/data-requests").caller(&app.admin).json(new).await.expect(201);
        let url = format!("/v1/data-requests/{}/resolve", text(&request["id"]));
        let body = json!({"outcome": "done", "resolution": "Sentineltoerase đã được xoá"});
        let resolve = async {
            wait(round / 4 * 5).await;
            app.post(url).caller(&app.admin).json(body).await
        };
        let erase = async {
            wait(round % 4 * 5).await;
            app.delete("/v1/me").caller(&member).await
        };

        let (resolved, erased) = tokio::join!(resolve, erase);

        assert_eq!(resolved.expect(200)["status"], "done");
        assert!([204, 401, 404].contains(&erased.status), "{}", erased.text());
    }
    assert_eq!(app.count("SELECT member_id FROM erasure"), ROUNDS);
    scene.nothing_is_left().await;
}

/// Does anything wait for a lock here? On SQLite the writers wait before they begin.
async fn is_somebody_waiting(app: &TestApp) -> bool {
    let waiting =
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' LIMIT 1";
    let db = app.app.db.reads();
    let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, waiting)).await.unwrap();
    row.is_some()
}

/// A member is erased, and what waits is spread before that is committed.
async fn spread_within_the_erasure_of(app: &TestApp, member: &Person) {
    let (is_erasing, is_spread) = (Cell::new(false), Cell::new(false));
    let erase = app.app.change_as(Actor::system(), async |tx| {
        let id = MemberId(member.id.parse().unwrap());
        let erased = personal_data::erase(&app.app, tx, id, Source::Member, tx.now(), &IfMatch::none()).await?;
        is_erasing.set(true);
        while app.app.db.backend() == DbBackend::Postgres && !is_spread.get() && !is_somebody_waiting(app).await {}
        Ok(erased)
    });
    let spread = async {
        while !is_erasing.get() {
            yield_now().await;
        }
        tick(&app.app).await.unwrap();
        is_spread.set(true);
    };
    let (erased, ()) = tokio::join!(erase, spread);
    personal_data::finish_erasure(&app.app, erased.unwrap()).await;
    app.run_relay().await;
}

#[actix_web::test]
async fn news_that_is_spread_while_somebody_is_being_erased_is_for_the_others_alone() {
    let scene = scene().await;
    let Scene { app, zalo, unit, .. } = &scene;
    let (member, other) = (app.zalo_member_of(unit, zalo.follower()).await, app.member_of(unit).await);
    app.run_relay().await;
    let told = async || (zalo.sent().len(), app.inbox_of(&other).await.len());
    let (sent, received) = told().await;
    app.record(Event::CampaignLaunched { campaign_id: app.campaign_row(unit).await }).await;

    Box::pin(spread_within_the_erasure_of(app, &member)).await;

    scene.nothing_is_left().await;
    assert_eq!(told().await, (sent, received + 1));
}

#[actix_web::test]
async fn news_of_a_pledge_that_is_spread_while_its_member_is_being_erased_has_no_name() {
    let scene = scene().await;
    let (member, manager) = (scene.member().await, scene.app.manager_of(&scene.unit).await);
    scene.app.run_relay().await;
    let received = scene.app.inbox_of(&manager).await.len();
    scene.app.pledge_of(&member, &scene.campaign).await;

    Box::pin(spread_within_the_erasure_of(&scene.app, &member)).await;

    scene.nothing_is_left().await;
    assert_eq!(scene.app.inbox_of(&manager).await.len(), received + 1);
}

/// No change that erases somebody is committed.
fn refuse_erasures(app: &TestApp) {
    if app.app.db.backend() == DbBackend::Postgres {
        app.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$",
        );
        app.execute(
            "CREATE CONSTRAINT TRIGGER refuse_erasure AFTER INSERT ON erasure DEFERRABLE INITIALLY DEFERRED \
             FOR EACH ROW EXECUTE FUNCTION refuse()",
        );
    } else {
        app.execute("CREATE TABLE hurdle (id INTEGER PRIMARY KEY)");
        app.execute("CREATE TABLE leap (hurdle INTEGER REFERENCES hurdle (id) DEFERRABLE INITIALLY DEFERRED)");
        app.execute(
            "CREATE TRIGGER refuse_erasure AFTER INSERT ON erasure BEGIN INSERT INTO leap (hurdle) VALUES (1); END",
        );
    }
}

fn allow_erasures(app: &TestApp) {
    let of_table = if app.app.db.backend() == DbBackend::Postgres { " ON erasure" } else { "" };
    app.execute(format!("DROP TRIGGER refuse_erasure{of_table}"));
}

fn listed(app: &TestApp) -> Vec<String> {
    let list = erasures::read(&app.files.path().join("erasures.log")).unwrap();
    list.into_iter().map(|(member, _)| member.to_string()).collect()
}

#[actix_web::test]
async fn an_erasure_that_cannot_be_committed_is_taken_off_the_list() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ 1").await;
    let (one, two) = (app.member_named(&unit, NAME).await, app.member_named(&unit, NAME).await);
    let new = json!({"member_id": two.id, "kind": "erasure"});
    let request = app.post("/v1/data-requests").caller(&app.admin).json(new).await.expect(201);
    let resolve = || {
        let url = format!("/v1/data-requests/{}/resolve", text(&request["id"]));
        app.post(url).caller(&app.admin).json(json!({"outcome": "done"}))
    };
    refuse_erasures(&app);

    app.delete("/v1/me").caller(&one).await.is_problem(500, "internal_error");
    resolve().await.is_problem(500, "internal_error");

    assert_eq!(listed(&app), [""; 0]);
    let replica = app.replica().await;
    for id in [&one.id, &two.id] {
        let row = entity::member::Entity::find_by_id(id.parse::<uuid::Uuid>().unwrap());
        assert_eq!(row.one(replica.db.reads()).await.unwrap().unwrap().display_name, NAME);
    }
    allow_erasures(&app);
    app.delete("/v1/me").caller(&one).await.expect(204);
    resolve().await.expect(200);
    assert_eq!(listed(&app), [one.id, two.id]);
}

/// A line may be there although keeping it has failed. Here the list is past reading as well, which is said.
#[actix_web::test]
async fn an_erasure_that_cannot_be_listed_is_settled_whoever_asks_for_it() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ 1").await;
    let (one, two) = (app.member_named(&unit, NAME).await, app.member_named(&unit, NAME).await);
    let new = json!({"member_id": two.id, "kind": "erasure"});
    let request = app.post("/v1/data-requests").caller(&app.admin).json(new).await.expect(201);
    let url = format!("/v1/data-requests/{}/resolve", text(&request["id"]));
    std::fs::create_dir(app.files.path().join("erasures.log")).unwrap();
    listen();

    app.delete("/v1/me").caller(&one).await.is_problem(500, "internal_error");
    app.post(url).caller(&app.admin).json(json!({"outcome": "done"})).await.is_problem(500, "internal_error");

    let written = heard();
    let settled = |id: &str| written.lines().any(|line| line.contains("an erasure failed") && line.contains(id));
    assert!(settled(&one.id) && settled(&two.id), "{written}");
}

/// A request is dropped at its deadline, or because its client has gone: at each point that it gets to, once its line is on the
/// list. Then the member is erased and listed, or neither.
#[actix_web::test]
async fn a_request_that_is_dropped_leaves_nobody_on_the_list_who_is_not_erased() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ 1").await;
    let mut undone = 0;
    for polls_after in (0..6).cycle().take(18) {
        let member = app.member_named(&unit, NAME).await;
        let mut request = app.delete("/v1/me").caller(&member).into_future();
        let is_listed = || listed(&app).contains(&member.id);
        let (mut is_answered, begun) = (false, Instant::now());
        while !is_listed() {
            assert!(begun.elapsed() < PATIENCE, "no line");
            is_answered = is_answered || request.as_mut().now_or_never().is_some();
            yield_now().await;
        }
        for _ in 0..polls_after {
            is_answered = is_answered || request.as_mut().now_or_never().is_some();
            yield_now().await;
        }

        drop(request);

        let is_erased = async || {
            let id: uuid::Uuid = member.id.parse().unwrap();
            let row = entity::member::Entity::find_by_id(id).one(app.app.db.reads()).await.unwrap().unwrap();
            row.erased_at.is_some()
        };
        // What is under way of it ends by itself: a COMMIT, or taking the line back.
        while is_erased().await != is_listed() {
            assert!(begun.elapsed() < PATIENCE, "listed, and not erased");
            yield_now().await;
        }
        assert!(!is_answered || is_erased().await);
        undone += usize::from(!is_erased().await);
    }
    assert!(undone > 0, "none was dropped in time");
}

#[actix_web::test]
async fn a_line_that_was_cut_off_is_left_out_and_the_next_one_is_read() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ 1").await;
    let (one, two) = (app.member_named(&unit, NAME).await, app.member_named(&unit, NAME).await);
    let list = app.files.path().join("erasures.log");
    app.delete("/v1/me").caller(&one).await.expect(204);
    let whole = std::fs::read(&list).unwrap();
    for cut in 1..whole.len() {
        // As a full disk or a crash leaves it.
        std::fs::write(&list, &whole[..cut]).unwrap();
        let listed = listed(&app);
        assert!(listed.is_empty() || (listed == [one.id.clone()] && cut >= whole.len() - 1), "{cut}: {listed:?}");
    }
    std::fs::write(&list, &whole[..whole.len() / 2]).unwrap();

    app.delete("/v1/me").caller(&two).await.expect(204);

    assert_eq!(listed(&app), [two.id]);
}
