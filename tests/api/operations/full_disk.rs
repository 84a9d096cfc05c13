//! A disk that is full, or fails, under the embedded database: what was acknowledged stays, what was not says so, reads go
//! on, and no restart is needed once there is room again. A limit on the size of files (`RLIMIT_FSIZE`, its signal ignored)
//! makes COMMIT fail in a child process without asking for rights; a small file system in memory is a disk that is really
//! full, where one can be mounted.

use std::{fs, io::Write as _, net::TcpListener, path::PathBuf, process::Command, time::Duration};

use chrono::Utc;
use futures_util::future::join_all;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use super::{
    command::{Place, Running, complaint, out},
    crash::{Admin, figures_are_recounted, ids},
};
use crate::harness::{Pledge, TestDatabase};

const SERVE: [&str; 4] = ["serve", "--listen", "127.0.0.1:0", "--no-relay"];
const WITH_RELAY: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];
/// How many check-ins are sent once there is room again.
const LATER: usize = 32;

#[actix_web::test]
async fn after_two_failed_commits_nothing_acknowledged_is_lost_by_kill() {
    acknowledged_stays(2, &SERVE, End::Kill).await;
}

#[actix_web::test]
async fn after_two_failed_commits_nothing_acknowledged_is_lost_by_sigterm() {
    acknowledged_stays(2, &SERVE, End::Terminate).await;
}

#[actix_web::test]
async fn after_five_failed_commits_nothing_acknowledged_is_lost_by_kill() {
    acknowledged_stays(5, &WITH_RELAY, End::Kill).await;
}

#[actix_web::test]
async fn after_five_failed_commits_nothing_acknowledged_is_lost_by_sigterm() {
    acknowledged_stays(5, &WITH_RELAY, End::Terminate).await;
}

#[derive(Clone, Copy)]
enum End {
    Kill,
    Terminate,
}

async fn acknowledged_stays(failures: usize, serve: &[&str], end: End) {
    let Some(place) = place().await else { return };
    let server = place.start_limited(serve);
    let admin = Admin::of(&place, &server);
    let (_, pledge) = admin.pledge().await;
    let first = [acknowledged(&admin, &pledge).await];

    server.limit_files(log_size(&place));
    let mut refused = Vec::new();
    for _ in 0..failures {
        let checkin = checkin(&pledge);
        is_refused_for_want_of_room(admin.check_in(&pledge, &checkin).await.unwrap()).await;
        refused.push(checkin);
    }
    is_refused_for_want_of_room(batch(&admin, &pledge).await).await;
    assert_eq!(admin.list(&pledge).await, ids(&first), "reads go on");
    server.lift_limit();
    let later = join_all((0..LATER).map(async |_| acknowledged(&admin, &pledge).await)).await;
    match end {
        End::Kill => drop(server),
        End::Terminate => assert_eq!(server.stop(), Some(0)),
    }
    let again = place.start(&SERVE);
    let admin = Admin::of(&place, &again);

    assert_eq!(admin.list(&pledge).await, ids(first.iter().chain(&later)));
    for checkin in &refused {
        assert_eq!(admin.check_in(&pledge, checkin).await.unwrap().status(), StatusCode::CREATED);
    }
    figures_are_recounted(&place);
}

#[actix_web::test]
async fn people_who_check_in_while_the_disk_fills_and_empties_lose_nothing_that_was_acknowledged() {
    let Some(place) = place().await else { return };
    let server = place.start_limited(&WITH_RELAY);
    let admin = Admin::of(&place, &server);
    let (_, pledge) = admin.pledge().await;

    let sending = join_all((0..6).map(async |sender| check_in_often(&admin, &pledge, sender == 0).await));
    let failing = async {
        for _ in 0..12 {
            server.limit_files(log_size(&place));
            actix_web::rt::time::sleep(Duration::from_millis(60)).await;
            server.lift_limit();
            actix_web::rt::time::sleep(Duration::from_millis(60)).await;
        }
    };
    let (streams, ()) = tokio::join!(sending, failing);
    let last = acknowledged(&admin, &pledge).await;
    drop(server);
    let again = place.start(&SERVE);
    let admin = Admin::of(&place, &again);

    let kept = admin.list(&pledge).await;
    let mut acknowledged = ids(streams.iter().flat_map(|stream| &stream.acknowledged));
    acknowledged.extend(ids([&last]));
    let refused = ids(streams.iter().flat_map(|stream| &stream.refused));
    let missing: Vec<_> = acknowledged.difference(&kept).collect();
    assert!(missing.is_empty(), "{} of {} are lost", missing.len(), acknowledged.len());
    assert!(!acknowledged.is_empty() && !refused.is_empty(), "{} and {}", acknowledged.len(), refused.len());
    assert_eq!(refused.intersection(&kept).collect::<Vec<_>>(), Vec::<&Uuid>::new(), "what was refused is not there");
    figures_are_recounted(&place);
}

/// What became of one sender's check-ins, but for those that it gave up waiting for.
#[derive(Default)]
struct Sent {
    acknowledged: Vec<Value>,
    refused: Vec<Value>,
}

/// Sends check-ins one after the other; an impatient sender hangs up on many of them.
async fn check_in_often(admin: &Admin, pledge: &Pledge, is_impatient: bool) -> Sent {
    let mut sent = Sent::default();
    for number in 0..40_u64 {
        let checkin = checkin(pledge);
        let answering = admin.check_in(pledge, &checkin);
        let answer = if is_impatient {
            let Ok(answer) = tokio::time::timeout(Duration::from_millis(number % 10), answering).await else {
                continue;
            };
            answer.unwrap()
        } else {
            answering.await.unwrap()
        };
        match answer.status() {
            StatusCode::CREATED => sent.acknowledged.push(checkin),
            StatusCode::INSUFFICIENT_STORAGE => sent.refused.push(checkin),
            // The disk failed in a way that leaves it open what was written.
            StatusCode::SERVICE_UNAVAILABLE => {}
            other => panic!("{other} {}", answer.text().await.unwrap()),
        }
    }
    sent
}

#[actix_web::test]
async fn a_server_that_starts_without_room_serves_reads_and_needs_no_restart_when_there_is_room_again() {
    for end in [End::Terminate, End::Kill] {
        let Some(place) = place().await else { return };
        let server = place.start(&WITH_RELAY);
        let (admin, pledge, first) = with_a_checkin(&place, &server).await;
        match end {
            End::Kill => drop(server),
            End::Terminate => assert_eq!(server.stop(), Some(0)),
        }
        drop(admin);

        let server = place.start_without_room(&WITH_RELAY);
        let admin = Admin::of(&place, &server);

        assert_eq!(admin.list(&pledge).await, ids([&first]));
        is_refused_for_want_of_room(admin.check_in(&pledge, &checkin(&pledge)).await.unwrap()).await;
        if matches!(end, End::Kill) {
            // What was not yet taken over from the log leaves no room for the server's own note.
            assert!(server.log().contains("only reads are served until it does"), "{}", server.log());
        }
        server.lift_limit();
        let second = acknowledged(&admin, &pledge).await;
        assert_eq!(server.stop(), Some(0));
        let server = place.start(&SERVE);
        assert_eq!(Admin::of(&place, &server).list(&pledge).await, ids([&first, &second]));
    }
}

#[actix_web::test]
async fn doctor_and_other_commands_say_that_there_is_no_room() {
    let Some(place) = place().await else { return };
    // While it runs the log is longer than the limit.
    let server = place.start(&SERVE);
    let (admin, pledge, first) = with_a_checkin(&place, &server).await;

    let found = place.run_without_room(&["doctor"]);
    let refused = place.run_without_room(&["staff", "add", "second", "--role", "reviewer"]);

    assert_eq!(found.status.code(), Some(1));
    assert!(out(&found).contains("WRONG  nothing can be written to the database"), "{}", out(&found));
    assert_ne!(refused.status.code(), Some(0));
    assert!(!complaint(&refused).is_empty());
    assert_eq!(admin.list(&pledge).await, ids([&first]));
    assert_eq!(place.database.count("SELECT username FROM staff_account WHERE username = 'second'"), 0);
    let found = out(&place.run(&["doctor"]));
    assert!(found.contains("ok     a change can be committed"), "{found}");
}

#[actix_web::test]
async fn a_disk_that_is_really_full_loses_nothing_acknowledged_and_starts_for_readers() {
    let Some((place, disk)) = SmallDisk::place().await else { return };
    // Always at the same address: a token that was made while there was room stays good.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let serve = ["serve", "--listen", &address];
    let server = place.start(&serve);
    let (admin, pledge, first) = with_a_checkin(&place, &server).await;

    disk.fill();
    let mut kept = ids([&first]);
    kept.extend(ids(&until_refused(&admin, &pledge, 5).await));
    disk.empty();
    kept.extend(ids(&join_all((0..LATER).map(async |_| acknowledged(&admin, &pledge).await)).await));
    drop(server);
    disk.fill();
    let server = place.start(&serve);
    let admin = admin.on_new_connections();

    assert_eq!(admin.list(&pledge).await, kept, "a crash, and a start on the full disk");
    kept.extend(ids(&until_refused(&admin, &pledge, 1).await));
    assert_eq!(server.stop(), Some(0));
    disk.fill();
    let _server = place.start(&serve);
    let admin = admin.on_new_connections();
    assert_eq!(admin.list(&pledge).await, kept, "a stop, and a start on the full disk");
    disk.empty();
    acknowledged(&admin, &pledge).await;
    figures_are_recounted(&place);
}

/// A place on the embedded database; none where the tests run on PostgreSQL, whose disk is its own affair.
async fn place() -> Option<Place> {
    let place = Place::migrated().await;
    place.database.file()?;
    is_set_up(&place);
    Some(place)
}

fn is_set_up(place: &Place) {
    let added = place.run(&["staff", "add", "root", "--role", "admin"]);
    assert!(added.status.success(), "{}", complaint(&added));
}

/// An admin, their pledge, and a check-in that was acknowledged.
async fn with_a_checkin(place: &Place, server: &Running) -> (Admin, Pledge, Value) {
    let admin = Admin::of(place, server);
    let (_, pledge) = admin.pledge().await;
    let first = acknowledged(&admin, &pledge).await;
    (admin, pledge, first)
}

fn checkin(pledge: &Pledge) -> Value {
    json!({"id": Uuid::now_v7(), "commitment_id": pledge.commitment, "quantity": 1, "occurred_at": Utc::now()})
}

async fn acknowledged(admin: &Admin, pledge: &Pledge) -> Value {
    let checkin = checkin(pledge);
    let answer = admin.check_in(pledge, &checkin).await.unwrap();
    let (status, body) = (answer.status(), answer.text().await.unwrap());
    assert_eq!(status, StatusCode::CREATED, "{body}");
    checkin
}

/// Checks in until so many are refused for want of room; gives those that were acknowledged. A few may be: the log is written
/// again from its beginning once all of it is in the database, and that room it has.
async fn until_refused(admin: &Admin, pledge: &Pledge, mut refusals: usize) -> Vec<Value> {
    let mut acknowledged = Vec::new();
    while refusals > 0 {
        assert!(acknowledged.len() < 200, "the disk is not full");
        let checkin = checkin(pledge);
        let answer = admin.check_in(pledge, &checkin).await.unwrap();
        if answer.status() == StatusCode::CREATED {
            acknowledged.push(checkin);
        } else {
            is_refused_for_want_of_room(answer).await;
            refusals -= 1;
        }
    }
    acknowledged
}

/// Two check-ins, each in a savepoint of its own.
async fn batch(admin: &Admin, pledge: &Pledge) -> Response {
    let item = || {
        let mut item = checkin(pledge);
        item["pledge_id"] = json!(pledge.id);
        item
    };
    admin.send("/v1/checkins/batch", json!({"items": [item(), item()]})).await
}

#[track_caller]
fn is_refused_for_want_of_room(answer: Response) -> impl Future<Output = ()> {
    let (status, again) = (answer.status(), answer.headers().get("retry-after").cloned());
    async move {
        let body = answer.text().await.unwrap();
        assert_eq!(status, StatusCode::INSUFFICIENT_STORAGE, "{body}");
        assert!(body.contains("storage_full") && again.is_some(), "{body}");
    }
}

/// The size of the write-ahead log: what is appended from here on goes beyond it.
fn log_size(place: &Place) -> u64 {
    let mut log = place.database.file().unwrap().into_os_string();
    log.push("-wal");
    fs::metadata(log).unwrap().len()
}

/// A file system of a few megabytes, gone when the test ends.
struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    /// A place on one; none where it cannot be mounted.
    async fn place() -> Option<(Place, Self)> {
        let template = TestDatabase::create().await;
        let file = template.file()?;
        let folder = TempDir::new().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"]).arg(folder.path());
        if !mount.output().is_ok_and(|mounted| mounted.status.success()) {
            eprintln!("skipped: no file system can be mounted here; the limit on the size of files stands for it");
            return None;
        }
        let disk = Self { folder: folder.path().to_owned() };
        fs::copy(file, folder.path().join("thidua.db")).unwrap();
        let place = Place { data: TempDir::new_in(folder.path()).unwrap(), database: TestDatabase::Sqlite(folder) };
        is_set_up(&place);
        Some((place, disk))
    }

    /// Writes until there is no room at all.
    fn fill(&self) {
        let mut filler = fs::File::options().append(true).create(true).open(self.filler()).unwrap();
        for size in [65_536, 4_096, 1] {
            while filler.write_all(&vec![0; size]).is_ok() {}
        }
    }

    fn empty(&self) {
        fs::remove_file(self.filler()).unwrap();
    }

    fn filler(&self) -> PathBuf {
        self.folder.join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _gone_already = Command::new("umount").arg("--lazy").arg(&self.folder).status();
    }
}
