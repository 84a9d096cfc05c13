//! What `thidua doctor` says of the audit log, and how it exits.

use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use thidua::{
    audit::{self, Subject},
    db::{Actor, Db, Tx},
    kit::{
        problems::Problem,
        values::{Clock, MemberId},
    },
    outbox::{self, Event, Numbered},
};

use super::command::{Place, out};

const ROWS_OF_A_DAY: usize = 3;

/// A place where nothing is wrong, with two days of an audit log: rows 1 to 3, and 4 to 6.
async fn place() -> (Place, Db) {
    let place = Place::migrated().await;
    let db = place.database.connect().await;
    for days in [2, 1] {
        let tx = db.begin(Utc::now() - TimeDelta::days(days), Actor::system()).await.unwrap();
        for _ in 0..ROWS_OF_A_DAY {
            let subject = Subject { kind: "member", id: uuid::Uuid::now_v7() };
            audit::record(&tx, "read_member_private", subject, None, None).await.unwrap();
        }
        tx.commit().await.unwrap();
        outbox::number(&db, &Clock::system(), async |_, _| Ok(())).await.unwrap();
    }
    (place, db)
}

/// The database lets nobody touch a row; whoever owns it can do away with that.
fn force_open(place: &Place) {
    if place.database.url().starts_with("sqlite") {
        for trigger in ["audit_row_content_stays", "audit_row_place_stays", "audit_row_stays"] {
            place.database.execute(format!("DROP TRIGGER {trigger}"));
        }
    } else {
        place.database.execute("DROP TRIGGER audit_row_stays ON audit_row");
    }
}

fn doctor(place: &Place) -> (Option<i32>, String) {
    let mut doctor = place.command(&["doctor"]);
    for (name, value) in [
        ("THIDUA_ZALO__APP_ID", "42"),
        ("THIDUA_ZALO__APP_SECRET", "secret"),
        ("THIDUA_ZALO__OA_REFRESH_TOKEN", "token"),
        ("THIDUA_ZALO__MINI_APP_API_KEY", "key"),
    ] {
        doctor.env(name, value);
    }
    doctor.env("THIDUA_ERASURES__LOG", place.data.path().join("erasures.log"));
    let found = doctor.output().unwrap();
    (found.status.code(), out(&found))
}

#[track_caller]
fn finds(place: &Place, words: &str) {
    let (code, text) = doctor(place);
    assert!(text.contains(&format!("WRONG  {words}")), "{text}");
    assert!(text.contains("Keep it as it is, and compare it with a backup") && text.contains("Wrong: 1"), "{text}");
    assert_eq!(code, Some(1));
}

#[actix_web::test]
async fn a_log_that_nobody_touched_is_well() {
    let (place, _db) = place().await;

    let (code, text) = doctor(&place);

    assert!(text.contains("the audit log holds from row 1 to row 6, whose hash is "), "{text}");
    assert_eq!(code, Some(0), "{text}");
}

#[actix_web::test]
async fn what_is_not_set_up_of_zalo_is_a_warning_and_lets_the_next_command_run() {
    let (place, _db) = place().await;

    let mut doctor = place.command(&["doctor"]);
    let found = doctor.env("THIDUA_ERASURES__LOG", place.data.path().join("erasures.log")).output().unwrap();

    let text = out(&found);
    for what in ["the Zalo app is not set", "the Official Account's first refresh token", "the Mini App's Open API key"]
    {
        assert!(text.contains(&format!("warn   {what}")), "{text}");
    }
    assert!(text.contains("Nothing is wrong. Warnings: 3"), "{text}");
    assert_eq!(found.status.code(), Some(0), "{text}");
}

#[actix_web::test]
async fn a_row_that_says_something_else_is_named() {
    let (place, _db) = place().await;
    force_open(&place);

    place.database.execute("UPDATE audit_row SET action = 'nothing' WHERE position = 2");

    finds(&place, "row 2 of the audit log (");
    assert!(doctor(&place).1.contains(") was changed"));
}

#[actix_web::test]
async fn a_row_that_was_taken_out_of_the_middle_is_named() {
    let (place, _db) = place().await;
    force_open(&place);

    place.database.execute("DELETE FROM audit_row WHERE position = 4");

    finds(&place, "row 4 of the audit log is missing");
}

#[actix_web::test]
async fn rows_that_were_renumbered_over_a_gap_do_not_follow() {
    let (place, _db) = place().await;
    force_open(&place);

    place.database.execute("DELETE FROM audit_row WHERE position = 4");
    place.database.execute("UPDATE audit_row SET position = 4 WHERE position = 5");

    finds(&place, "row 4 of the audit log (");
    assert!(doctor(&place).1.contains(") does not follow from the one before it"));
}

#[actix_web::test]
async fn a_checkpoint_that_was_taken_away_is_missed() {
    let (place, db) = place().await;
    let tx = db.begin(Utc::now(), Actor::system()).await.unwrap();
    audit::prune(&tx, Utc::now() - TimeDelta::hours(36), 100).await.unwrap();
    tx.commit().await.unwrap();
    let (code, text) = doctor(&place);
    assert!(text.contains("the audit log holds from row 4 to row 6"), "{text}");
    assert_eq!(code, Some(0), "{text}");

    place.database.execute("DELETE FROM audit_checkpoint");

    finds(&place, "row 1 of the audit log is missing");
}

/// On SQLite there is one replica.
#[actix_web::test]
async fn replicas_whose_folders_of_pictures_are_not_the_same_are_found() {
    let (place, _db) = place().await;
    if place.database.url().starts_with("sqlite") {
        assert!(doctor(&place).1.contains("ok     media.directory "));
        return;
    }
    let serve = ["serve", "--listen", "127.0.0.1:0", "--no-relay"];
    let (first, shared) = (place.start(&serve), place.start(&serve));
    let says = |words: &str| {
        let begun = Instant::now();
        // A process looks once it has begun to listen.
        loop {
            let (code, text) = doctor(&place);
            if text.contains(words) {
                return code;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{text}");
        }
    };
    assert_eq!(says("is shared by the 2 servers and relays"), Some(0));

    let apart = place.data.path().join("elsewhere").display().to_string();
    let other = place.start_with(&serve, "THIDUA_MEDIA__DIRECTORY", &apart);

    assert_eq!(says("WRONG  media.directory is not shared"), Some(1));
    drop((first, shared, other));
}

/// Events that were recorded so long ago.
async fn record_events(db: &Db, age: TimeDelta, count: usize) {
    let tx = db.begin(Utc::now() - age, Actor::system()).await.unwrap();
    for _ in 0..count {
        let event = Event::MemberJoined { member_id: MemberId::new() };
        outbox::record(&tx, event).await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[actix_web::test]
async fn work_that_nobody_does_is_found_with_since_when() {
    let (place, db) = place().await;
    record_events(&db, TimeDelta::seconds(5), 1).await;
    assert!(doctor(&place).1.contains("no background work is late"));
    record_events(&db, TimeDelta::minutes(2), 1).await;

    let (code, text) = doctor(&place);

    assert!(text.contains("WRONG  events wait for their positions since 20"), "{text}");
    assert!(text.contains("Is a relay running") && text.contains("Wrong: 1"), "{text}");
    assert_eq!(code, Some(1));
    outbox::number(&db, &Clock::system(), async |_, _| Ok(())).await.unwrap();
    assert_eq!(doctor(&place).0, Some(0));
}

#[actix_web::test]
async fn an_event_that_was_set_aside_is_found() {
    let (place, db) = place().await;
    record_events(&db, TimeDelta::seconds(5), 3).await;
    for _ in 0..3 {
        let poison = async |_: &Tx, _: &Numbered| -> Result<(), Problem> { panic!("poison") };
        outbox::number(&db, &Clock::system(), poison).await.unwrap_err();
    }
    while outbox::number(&db, &Clock::system(), async |_, _| Ok(())).await.unwrap() > 0 {}

    let (code, text) = doctor(&place);

    assert!(text.contains("WRONG  people could not be told of 1 events, which are set aside"), "{text}");
    assert_eq!(code, Some(1));
}

#[actix_web::test]
async fn the_jobs_of_a_running_server_are_told_with_their_last_steps() {
    let (place, _db) = place().await;
    let (_, without) = doctor(&place);
    let server = place.start(&["serve", "--listen", "127.0.0.1:0"]);
    let figures = server.figures.clone().unwrap();
    let address = figures.strip_prefix("http://").unwrap().strip_suffix("/metrics").unwrap().to_owned();

    let mut told = String::new();
    for _ in 0..50 {
        let asked = place.command(&["doctor"]).env("THIDUA_SERVER__INTERNAL_LISTEN", &address).output().unwrap();
        told = out(&asked);
        if told.contains("job numbering: last step ") {
            break;
        }
    }

    assert!(without.contains("no figures at http://"), "{without}");
    assert!(told.contains("job numbering: last step "), "{told}");
    assert!(told.contains(" s ago, failures since the start: 0"), "{told}");
    assert_eq!(server.stop(), Some(0));
}
