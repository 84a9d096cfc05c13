//! Workers at `/v1/imports`: one that stops, several at once, and what they write down.

use std::collections::BTreeSet;

use actix_web::web::Data;
use chrono::Duration;
use serde_json::{Value, json};
use thidua::{
    app::App,
    organisation::imports::{self, Step},
};

use super::imports::{HEADERS, counts, many};
use crate::harness::{Person, TestApp, text};

#[actix_web::test]
async fn the_audit_log_says_of_each_batch_whom_it_made_and_whom_it_changed() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Một").await;
    app.import(&app.admin, "members", false, format!("{HEADERS}A Mẫu,0912345001,Chi bộ Một,\n")).await;
    let second = format!("{HEADERS}A Đổi,0912345001,Chi bộ Một,\nB Mẫu,0912345002,Chi bộ Một,\nC,x,Chi bộ Một,\n");
    let import = app.import(&app.admin, "members", false, second).await;
    app.run_relay().await;

    let url = format!("/v1/audit-log?action=apply_import&subject_id={}", text(&import["id"]));
    let log = app.get(url).caller(&app.admin).await.expect(200);

    let members = app.get(format!("/v1/units/{}/members", unit.id)).caller(&app.admin).await.expect(200);
    let id_of = |name: &str| {
        let mut all = members["items"].as_array().unwrap().iter();
        all.find(|one| one["display_name"] == name).unwrap()["id"].clone()
    };
    assert_eq!(log["items"].as_array().unwrap().len(), 1, "{log}");
    let after = &log["items"][0]["after"];
    assert_eq!((&after["created_ids"], &after["changed_ids"]), (&json!([id_of("B Mẫu")]), &json!([id_of("A Đổi")])));
    assert_eq!((&after["created"], &after["changed"]), (&json!(1), &json!(1)));
}

#[actix_web::test]
async fn a_worker_that_stops_gives_the_import_to_another_one_at_once() {
    let app = TestApp::start().await;
    app.unit("Chi bộ Một").await;
    let location = app.begin_import(&app.admin, "members", true, many(6_000)).await;
    let stopping = app.replica().await;
    let rows = || app.count("SELECT ordinal FROM import_row");
    let stop = async {
        while rows() < 1_000 {
            actix_web::rt::task::yield_now().await;
        }
        stopping.stop();
        rows()
    };

    let (done, when_it_stopped) = futures_util::future::join(imports::step(&stopping), stop).await;

    assert_eq!(done.unwrap(), Step::Idle);
    assert!(when_it_stopped < 6_000, "it was done already");
    assert_eq!(imports::step(&app.app).await.unwrap(), Step::Read(6_000));
    app.run_imports().await;
    let import = app.get(location).caller(&app.admin).await.expect(200);
    assert_eq!((&import["status"], counts(&import)), (&json!("done"), [5_400, 0, 0, 600]));
}

#[actix_web::test]
async fn two_workers_at_one_import_make_nobody_twice() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Một").await;
    let location = app.begin_import(&app.admin, "members", false, many(2_500)).await;
    let replica = app.replica().await;

    let work = async |worker: &Data<App>| {
        let mut done = Vec::new();
        while app.count("SELECT id FROM import WHERE status IN ('queued', 'running')") > 0 {
            done.push(imports::step(worker).await.unwrap());
        }
        done.retain(|step| *step != Step::Idle);
        done
    };
    let (one, two) = futures_util::future::join(Box::pin(work(&app.app)), Box::pin(work(&replica))).await;

    let mut applied: Vec<_> =
        one.iter().chain(&two).filter(|step| matches!(step, Step::Planned(_) | Step::Read(_))).collect();
    applied.sort_by_key(|step| format!("{step:?}"));
    let expected = [Step::Planned(1_000), Step::Planned(1_000), Step::Planned(500), Step::Read(2_500)];
    assert_eq!(applied, expected.iter().collect::<Vec<_>>(), "{one:?} {two:?}");
    let import = app.get(&location).caller(&app.admin).await.expect(200);
    assert_eq!((&import["status"], counts(&import)), (&json!("done"), [2_250, 0, 0, 250]));
    let found = app.get(format!("/v1/units/{}", unit.id)).caller(&app.admin).await.expect(200);
    assert_eq!(found["member_count"], 2_250);
    let names: BTreeSet<String> =
        everybody_in(&app, &unit.id).await.iter().map(|one| text(&one["display_name"])).collect();
    assert_eq!(names.len(), 2_250);
}

#[actix_web::test]
async fn whoever_has_sent_a_file_is_told_how_it_ended_and_nobody_else() {
    let app = TestApp::start_with(|config| config.imports.max_rows = 1_000).await;
    let unit = app.unit("Chi bộ Một").await;
    let (manager, other) = (app.manager_of(&unit).await, app.manager_of(&unit).await);
    let news = async |person: &Person| {
        app.run_relay().await;
        let inbox = app.get("/v1/notifications").caller(person).await.expect(200);
        let mut items = inbox["items"].as_array().unwrap().clone();
        items.retain(|one| one["kind"] == "import.ended");
        items
    };

    let rehearsal = app.import(&manager, "members", true, many(20)).await;
    let run = app.import(&manager, "members", false, many(20)).await;
    let failed = app.import(&manager, "members", false, many(1_001)).await;

    let told = news(&manager).await;
    let subjects: Vec<_> = told.iter().map(|one| &one["subject_id"]).collect();
    assert_eq!(subjects, [&failed["id"], &run["id"], &rehearsal["id"]]);
    let titles: Vec<_> = told.iter().map(|one| text(&one["title"])).collect();
    assert_eq!(titles, ["Nhập tệp không thành công", "Đã nhập xong tệp", "Đã chạy thử xong tệp nhập"]);
    assert_eq!(told[1]["body"], "Tệp thành viên: tạo mới 18, thay đổi 0, giữ nguyên 0, không nhận 2 dòng.");
    assert_eq!(told[1]["link"], format!("/imports/{}", text(&run["id"])));
    assert_eq!(told[1]["values"]["created"], 18);
    assert_eq!(news(&other).await, Vec::<Value>::new());
    assert_eq!(news(&app.admin).await, Vec::<Value>::new());
}

/// All members of a unit, page by page.
async fn everybody_in(app: &TestApp, unit: &str) -> Vec<Value> {
    let first = format!("/v1/units/{unit}/members?limit=100");
    let (mut all, mut url) = (Vec::new(), first.clone());
    loop {
        let page = app.get(&url).caller(&app.admin).await.expect(200);
        all.extend(page["items"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(cursor) => url = format!("{first}&cursor={cursor}"),
            None => return all,
        }
    }
}

impl TestApp {
    async fn take_lease(&self, owner: &str) {
        use sea_orm::ConnectionTrait as _;
        let until = (self.clock.now() + Duration::seconds(60)).to_rfc3339();
        let sql = format!("UPDATE import SET status = 'running', lease_owner = '{owner}', lease_until = '{until}'");
        let taken = self
            .app
            .change_as(thidua::db::Actor::system(), async |tx| {
                tx.execute_unprepared(&sql).await.map(|_| ()).map_err(Into::into)
            })
            .await;
        taken.unwrap();
    }

    /// How many rows of personal data are kept for imports.
    fn left_behind(&self) -> usize {
        ["SELECT import_id FROM import_chunk", "SELECT import_id FROM import_row", "SELECT import_id FROM import_plan"]
            .into_iter()
            .map(|query| self.count(query))
            .sum()
    }
}

#[actix_web::test]
async fn another_replica_goes_on_where_a_worker_was_killed() {
    let app = TestApp::start().await;
    let unit = app.unit("Chi bộ Một").await;
    let location = app.begin_import(&app.admin, "members", false, many(2_500)).await;
    let url = format!("{location}?");

    // Read, planned in three batches, one batch carried out; then the worker is gone in the middle of a batch.
    let steps = [Step::Read(2_500), Step::Planned(1_000), Step::Planned(1_000), Step::Planned(500), Step::Applied(900)];
    for step in steps {
        assert_eq!(imports::step(&app.app).await.unwrap(), step);
    }
    let half = app.get(url.trim_end_matches('?')).caller(&app.admin).await.expect(200);
    assert_eq!((&half["status"], &half["rows_done"]), (&json!("running"), &json!(1_150)));
    let dying = app.replica().await;
    let moment = async {
        for _ in 0..20 {
            actix_web::rt::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        _ = imports::step(&dying) => {}
        () = moment => {}
    }
    app.clock.advance(Duration::seconds(13));
    let replica = app.replica().await;
    while imports::step(&replica).await.unwrap() != Step::Idle {}

    let import = app.get(&location).caller(&app.admin).await.expect(200);
    assert_eq!(import["status"], "done");
    assert_eq!(counts(&import), [2_250, 0, 0, 250]);
    assert_eq!(import["conflicts"].as_array().unwrap().len(), 250);
    let found = app.get(format!("/v1/units/{}", unit.id)).caller(&app.admin).await.expect(200);
    assert_eq!(found["member_count"], 2_250);
    let again = app.import(&app.admin, "members", true, many(2_500)).await;
    assert_eq!(counts(&again), [0, 0, 2_250, 250]);
}

#[actix_web::test]
async fn a_lease_keeps_others_out_until_it_runs_out_on_the_clock() {
    let app = TestApp::start().await;
    app.unit("Chi bộ Một").await;
    let location = app.begin_import(&app.admin, "members", false, many(20)).await;
    app.take_lease("somebody who was killed").await;

    assert_eq!(imports::step(&app.app).await.unwrap(), Step::Idle);
    app.clock.advance(Duration::seconds(61));
    app.run_imports().await;

    assert_eq!(app.get(location).caller(&app.admin).await.expect(200)["status"], "done");
}

#[actix_web::test]
async fn nothing_is_left_of_a_file_when_it_is_done_or_a_day_old() {
    let app = TestApp::start().await;
    app.unit("Chi bộ Một").await;
    app.import(&app.admin, "members", false, many(20)).await;
    assert_eq!(app.left_behind(), 0);

    let location = app.begin_import(&app.admin, "members", false, many(20)).await;
    assert_eq!(imports::step(&app.app).await.unwrap(), Step::Read(20));
    assert_eq!(app.left_behind(), 20);
    app.clock.advance(Duration::hours(24));
    app.run_imports().await;

    assert_eq!(app.left_behind(), 0);
    let admin = app.sign_in(&app.admin.id).await;
    let import = app.get(location).caller(&admin).await.expect(200);
    assert_eq!((&import["status"], &import["failure"]["code"]), (&json!("failed"), &json!("expired")));
}

#[actix_web::test]
async fn what_is_kept_of_a_file_cannot_be_read_in_the_database() {
    let app = TestApp::start().await;
    app.unit("Chi bộ Một").await;
    app.begin_import(&app.admin, "members", false, format!("{HEADERS}Lính Canh,0987654321,Chi bộ Một,\n")).await;
    imports::step(&app.app).await.unwrap();

    let is_there = |needle: &str| {
        let query = format!("SELECT ordinal FROM import_row WHERE content_cipher LIKE '%{needle}%'");
        app.count(Box::leak(query.into_boxed_str()))
    };

    assert_eq!((is_there("Canh"), is_there("987654321")), (0, 0));
    app.run_imports().await;
}

#[actix_web::test]
async fn a_worker_that_lost_its_lease_writes_nothing_more() {
    let app = TestApp::start().await;
    app.unit("Chi bộ Một").await;
    app.begin_import(&app.admin, "members", false, many(10_000)).await;
    let rows = || app.count("SELECT ordinal FROM import_row");
    let lose = async {
        while rows() < 1_000 {
            actix_web::rt::task::yield_now().await;
        }
        app.take_lease("another").await;
        rows()
    };

    let (done, at_the_loss) = futures_util::future::join(imports::step(&app.app), lose).await;

    assert_eq!(done.unwrap(), Step::Lost);
    assert!(at_the_loss < 10_000);
    assert_eq!(rows(), at_the_loss);
    app.execute("UPDATE import SET status = 'failed', lease_owner = NULL, lease_until = NULL");
}

#[actix_web::test]
async fn an_import_whose_rows_got_lost_has_failed() {
    for steps in [vec![Step::Read(20)], vec![Step::Read(20), Step::Planned(20)]] {
        let app = TestApp::start().await;
        app.unit("Chi bộ Một").await;
        let location = app.begin_import(&app.admin, "members", false, many(20)).await;
        for step in steps {
            assert_eq!(imports::step(&app.app).await.unwrap(), step);
        }
        app.execute("DELETE FROM import_row WHERE ordinal > 5");

        app.run_imports().await;

        let import = app.get(location).caller(&app.admin).await.expect(200);
        assert_eq!(
            (&import["status"], &import["failure"]["code"]),
            (&json!("failed"), &json!("unexpected")),
            "{import}"
        );
    }
}

#[actix_web::test]
async fn an_import_writes_an_audit_row_for_each_batch_and_none_for_each_member() {
    let app = TestApp::start().await;
    app.unit("Chi bộ Một").await;
    let before = app.count("SELECT id FROM audit_row");

    app.import(&app.admin, "members", false, many(1_500)).await;

    // The upload, two batches, the end.
    assert_eq!(app.count("SELECT id FROM audit_row") - before, 4);
    assert_eq!(app.count("SELECT id FROM audit_row WHERE action = 'apply_import' AND actor_kind = 'member'"), 2);
}

#[actix_web::test]
async fn of_many_imports_that_wait_a_worker_takes_one() {
    let app = TestApp::start().await;
    app.unit("Chi bộ Một").await;
    for _ in 0..60 {
        app.begin_import(&app.admin, "members", true, format!("{HEADERS}A Mẫu,,Chi bộ Một,\n")).await;
    }

    assert_eq!(imports::step(&app.app).await.unwrap(), Step::Read(1));

    assert_eq!(app.count("SELECT id FROM import WHERE attempt > 0 OR status = 'running'"), 1);
    app.run_imports().await;
    assert_eq!(app.count("SELECT id FROM import WHERE status = 'done'"), 60);
}
