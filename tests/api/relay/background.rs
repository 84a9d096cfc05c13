//! Background jobs: what panics, what stalls, what is set aside, and what is known of it.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use async_trait::async_trait;
use chrono::TimeDelta;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use serde_json::json;
use thidua::{
    app::{App, Job},
    entity::outbox_event,
    kit::{
        problems::Problem,
        work::{Schedule, Worked},
    },
    outbox::{self, Event, Numbered},
    relay::worker::{run, tick, waiting},
};
use uuid::Uuid;

use crate::harness::{MINI_APP_API_KEY, Person, TestApp, Unit, heard, listen, text};

async fn figures(app: &TestApp) -> String {
    app.get_inside("/metrics").await.text().clone()
}

/// A job that has trouble with its first steps.
struct UpsideDown(Rc<Cell<u32>>);

#[async_trait(?Send)]
impl Job for UpsideDown {
    fn name(&self) -> &'static str {
        "upside_down"
    }

    fn schedule(&self, _app: &App) -> Schedule {
        Schedule { pause: Duration::ZERO, ..Schedule::every(Duration::ZERO) }
    }

    async fn step(&mut self, app: &App) -> Result<Worked, Problem> {
        self.0.update(|steps| steps + 1);
        match self.0.get() {
            1 => panic!("the map is upside down"),
            2 => Err(Problem::not_found()),
            3 => Ok(Worked::More),
            _ => {
                app.stop();
                Ok(Worked::All)
            }
        }
    }
}

#[actix_web::test]
async fn a_job_whose_step_panics_or_fails_goes_on_raises_an_alarm_and_is_counted() {
    listen();
    let app = TestApp::start().await;
    let steps = Rc::new(Cell::new(0));

    app.app.run_job(Box::new(UpsideDown(Rc::clone(&steps)))).await;

    assert_eq!(steps.get(), 4);
    let log = heard();
    assert_eq!(
        log.matches("alarm=\"job_panicked\" job=\"upside_down\" panic=\"the map is upside down\"").count(),
        1,
        "{log}"
    );
    let figures = figures(&app).await;
    for line in ["thidua_job_panics_total{job=\"upside_down\"} 1", "thidua_job_errors_total{job=\"upside_down\"} 1"] {
        assert!(figures.contains(line), "{figures}");
    }
}

#[actix_web::test]
async fn a_job_that_has_stalled_raises_its_alarm_once_until_it_goes_on() {
    listen();
    let app = TestApp::start().await;
    let jobs = &app.app.jobs;

    jobs.begin("wedged");
    app.clock.advance(TimeDelta::seconds(61));
    assert_eq!((jobs.look(), jobs.look()), (vec!["wedged"], vec!["wedged"]));
    assert!(figures(&app).await.contains("thidua_job_stalled{job=\"wedged\"} 1"));
    jobs.end("wedged", Duration::ZERO);
    assert!(figures(&app).await.contains("thidua_job_stalled{job=\"wedged\"} 0"));

    assert_eq!(heard().matches("alarm=\"job_stalled\" job=\"wedged\"").count(), 1);
    app.get("/readyz").await.expect_ok();
}

/// The line of the figures that counts how often the work on providers' events went wrong.
async fn errors_of_hooks(app: &TestApp) -> Option<String> {
    let figures = figures(app).await;
    figures.lines().find(|line| line.starts_with("thidua_job_errors_total{job=\"hooks\"}")).map(str::to_owned)
}

#[actix_web::test]
async fn a_job_in_trouble_leaves_the_others_at_work() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ 1").await;
    let member = app.member_of(&unit).await;
    app.run_relay().await;
    let before = errors_of_hooks(&app).await;
    app.execute("ALTER TABLE provider_event RENAME TO taken_away");
    news_for(&app, &unit, &member).await;

    let told = async {
        while app.count("SELECT member_id FROM inbox_row") == 0 || errors_of_hooks(&app).await == before {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = run(app.app.clone()) => panic!("nobody has stopped it"),
        done = tokio::time::timeout(Duration::from_secs(60), told) => done.expect("the others stood still"),
    }

    app.execute("ALTER TABLE taken_away RENAME TO provider_event");
    assert_eq!(app.inbox_of(&member).await.len(), 1);
}

async fn news_for(app: &TestApp, unit: &Unit, member: &Person) {
    let checkin = app.checkin_row(unit, member).await;
    app.record(Event::CheckinVerified { checkin_id: checkin.id, decision_id: None }).await;
}

/// A member with three pieces of news that wait for their positions; the ids of the events in their order.
async fn with_three_events() -> (TestApp, Person, Vec<Uuid>) {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ 1").await;
    let member = app.member_of(&unit).await;
    app.run_relay().await;
    for _ in 0..3 {
        app.clock.advance(TimeDelta::seconds(1));
        news_for(&app, &unit, &member).await;
    }
    let waiting = outbox_event::Entity::find()
        .filter(outbox_event::Column::Position.is_null())
        .order_by_asc(outbox_event::Column::RecordedAt)
        .all(app.app.db.reads())
        .await
        .unwrap();
    (app, member, waiting.into_iter().map(|event| event.id.0).collect())
}

async fn event(app: &TestApp, id: Uuid) -> outbox_event::Model {
    outbox_event::Entity::find_by_id(id).one(app.app.db.reads()).await.unwrap().unwrap()
}

#[actix_web::test]
async fn an_event_that_panics_whenever_it_is_spread_is_set_aside_after_three_tries_and_told_later() {
    listen();
    let (app, _member, events) = with_three_events().await;
    let spread = RefCell::new(Vec::new());
    let number = async || {
        outbox::number(&app.app.db, &app.app.clock, async |_, event: &Numbered| {
            assert_ne!(event.id.0, events[1], "poison");
            spread.borrow_mut().push(event.id.0);
            Ok(())
        })
        .await
    };

    for _ in 0..3 {
        number().await.unwrap_err();
        assert_eq!(event(&app, events[0]).await.position, None, "nobody is told twice");
    }
    spread.borrow_mut().clear();
    number().await.unwrap();

    assert_eq!(*spread.borrow(), [events[0], events[2]]);
    let mut positions = Vec::new();
    for id in &events {
        positions.push(event(&app, *id).await.position.unwrap());
    }
    assert!(positions.is_sorted(), "each has its place in its turn: {positions:?}");
    assert_eq!(heard().matches("alarm=\"event_set_aside\"").count(), 1);
    assert!(figures(&app).await.contains("thidua_events_set_aside 1"));
    assert_eq!(outbox::count_set_aside(app.app.db.reads()).await.unwrap(), 1);

    let told = RefCell::new(Vec::new());
    let retry = async || {
        outbox::retry(&app.app.db, &app.app.clock, async |_, event: &Numbered| {
            told.borrow_mut().push((event.id.0, event.position));
            Ok(())
        })
        .await
        .unwrap()
    };
    assert_eq!(retry().await, 0, "not at once");
    app.clock.advance(TimeDelta::minutes(20));
    assert_eq!((retry().await, retry().await), (1, 0));
    assert_eq!(*told.borrow(), [(events[1], positions[1])]);
    assert_eq!(outbox::count_set_aside(app.app.db.reads()).await.unwrap(), 0);
}

#[actix_web::test]
async fn an_event_that_fails_again_waits_longer_and_raises_its_alarm_again() {
    let (app, member, events) = with_three_events().await;
    spoil(&app, events[1], "{\"type\": 7}");
    app.run_relay().await;
    assert_eq!(app.inbox_of(&member).await.len(), 2);
    let first = event(&app, events[1]).await;
    assert!(first.retry_at.unwrap() < app.clock.now() + TimeDelta::minutes(13), "{first:?}");
    listen();

    app.clock.advance(TimeDelta::minutes(13));
    app.run_relay().await;

    let second = event(&app, events[1]).await;
    assert!(second.retry_at.unwrap() > app.clock.now() + TimeDelta::minutes(14), "{second:?}");
    assert_eq!(second.position, first.position);
    assert_eq!(heard().matches("alarm=\"event_set_aside\"").count(), 1);
}

/// Makes what an event says another thing.
fn spoil(app: &TestApp, id: Uuid, payload: &str) {
    let id = match app.app.db.backend() {
        sea_orm::DbBackend::Sqlite => format!("x'{}'", id.simple()),
        _ => format!("'{id}'"),
    };
    app.execute(format!("UPDATE outbox_event SET payload = '{payload}' WHERE id = {id}"));
}

#[actix_web::test]
async fn an_event_that_cannot_be_read_has_its_place_and_holds_up_nobody() {
    listen();
    let (app, member, events) = with_three_events().await;
    // PostgreSQL keeps no text there that is no JSON.
    let is_sqlite = app.app.db.backend() == sea_orm::DbBackend::Sqlite;
    spoil(&app, events[0], if is_sqlite { "{\"type\": " } else { "{\"type\": 7}" });

    tick(&app.app).await.unwrap();

    assert_eq!(app.inbox_of(&member).await.len(), 2);
    let first = event_place(&app, events[0]).await;
    assert!(first < event_place(&app, events[1]).await);
    assert_eq!(heard().matches("alarm=\"event_set_aside\"").count(), 1);
}

async fn event_place(app: &TestApp, id: Uuid) -> i64 {
    use sea_orm::QuerySelect as _;
    let place = outbox_event::Entity::find_by_id(id).select_only().column(outbox_event::Column::Position);
    place.into_tuple::<Option<i64>>().one(app.app.db.reads()).await.unwrap().unwrap().unwrap()
}

#[actix_web::test]
async fn trouble_of_the_database_is_no_events_fault() {
    let (app, _member, events) = with_three_events().await;
    let unavailable = || Problem::new(thidua::kit::problems::codes::Code::Unavailable);

    for _ in 0..5 {
        let numbered = outbox::number(&app.app.db, &app.app.clock, async |_, _| Err(unavailable())).await;
        numbered.unwrap_err();
    }

    assert_eq!(event(&app, events[0]).await.attempt, 0);
    app.run_relay().await;
    assert_eq!(outbox::count_set_aside(app.app.db.reads()).await.unwrap(), 0);
}

#[actix_web::test]
async fn an_audit_log_that_cannot_be_chained_holds_up_no_news() {
    let (app, member, _events) = with_three_events().await;
    app.unit("Một dòng nhật ký").await;
    app.execute("ALTER TABLE audit_checkpoint RENAME TO taken_away");

    tick(&app.app).await.unwrap_err();

    assert_eq!(app.inbox_of(&member).await.len(), 3);
    app.execute("ALTER TABLE taken_away RENAME TO audit_checkpoint");
    app.run_relay().await;
    assert_eq!(app.count("SELECT id FROM audit_row WHERE position IS NULL"), 0);
}

/// The kinds of work that are late.
async fn late(app: &TestApp) -> Vec<&'static str> {
    let now = app.clock.now();
    let waiting = waiting(&app.app.db, &app.app.config, now).await.unwrap();
    waiting.into_iter().filter(|kind| kind.is_late(now)).map(|kind| kind.name).collect()
}

#[actix_web::test]
async fn what_has_waited_for_a_minute_is_late_until_a_worker_has_done_it() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let unit = app.unit("Chi bộ 1").await;
    let member = app.zalo_member_of(&unit, zalo.follower()).await;
    zalo.answer_with(503);
    news_for(&app, &unit, &member).await;
    app.run_relay().await;
    let body = json!({"kind": "news", "title": "Tin", "body_markdown": "Tin", "unit_id": unit.id});
    let draft = app.post("/v1/activities").caller(&app.admin).json(body).await.expect(201)["id"].clone();
    let at = json!({"publish_at": app.clock.now() + TimeDelta::seconds(30)});
    app.post(format!("/v1/activities/{}/publish", text(&draft))).caller(&app.admin).json(at).await.expect(200);
    let revocation = json!({"event": "user.revoke.consent", "appId": "42", "userId": zalo.stranger().zalo_id,
        "timestamp": app.clock.now().timestamp_millis()});
    let signature = thidua::relay::hooks::signature_of(revocation.as_object().unwrap(), MINI_APP_API_KEY);
    let hook = app.post("/v1/hooks/zalo/mini-app").header("X-ZEvent-Signature", &signature).json(revocation);
    hook.await.expect(200);
    app.begin_import(&app.admin, "members", true, "Họ và tên,Đơn vị\nA Mẫu,Chi bộ 1\n").await;
    news_for(&app, &unit, &member).await;
    assert_eq!(late(&app).await, Vec::<&str>::new());

    app.clock.advance(TimeDelta::seconds(180));

    let all = ["events", "audit_rows", "activities", "provider_events", "imports", "deliveries"];
    assert_eq!(late(&app).await, all);
    let figures = figures(&app).await;
    assert!(figures.contains("thidua_waiting_seconds{work=\"events\"} 180"), "{figures}");
    zalo.work_again();
    app.clock.advance(TimeDelta::minutes(1));
    app.run_relay().await;
    app.run_imports().await;
    app.run_relay().await;
    assert_eq!(late(&app).await, Vec::<&str>::new());
}
