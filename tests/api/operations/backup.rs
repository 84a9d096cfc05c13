//! `thidua backup` and `thidua restore`; the list of erasures.

use std::{cell::RefCell, fs};

use serde_json::{Value, json};
use thidua::app::erasures;

use super::command::{Place, Running, client, complaint, out};
use crate::harness::TestApp;

/// With an admin, whom scripts get tokens of.
async fn place() -> Option<Place> {
    let place = Place::migrated().await;
    place.run(&["staff", "add", "lan", "--role", "admin"]);
    place.database.url().starts_with("sqlite").then_some(place)
}

fn serve(place: &Place) -> Running {
    place.start(&["serve", "--listen", "127.0.0.1:0"])
}

/// Makes something by the admin; gives it.
async fn made(place: &Place, server: &Running, path: &str, body: Value) -> Value {
    let token = out(&place.run(&["token", "--staff", "lan"]));
    let request = client().post(format!("{}{path}", server.url)).bearer_auth(token.trim()).json(&body);
    let answer = request.send().await.unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    assert!(status.is_success(), "{path}: {status} {text}");
    serde_json::from_str(&text).unwrap()
}

async fn make_unit(place: &Place, server: &Running, name: &str) {
    made(place, server, "/v1/units", json!({"name": name, "kind": "other"})).await;
}

async fn units(place: &Place, server: &Running) -> Vec<String> {
    let token = out(&place.run(&["token", "--staff", "lan"]));
    let request = client().get(format!("{}/v1/units", server.url)).bearer_auth(token.trim());
    let page: Value = request.send().await.unwrap().json().await.unwrap();
    page["items"].as_array().unwrap().iter().map(|unit| unit["name"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn a_backup_taken_while_a_server_works_brings_back_what_was_there() {
    let Some(place) = place().await else { return };
    let file = place.data.path().join("backup.db");
    let file = file.to_str().unwrap();
    let server = serve(&place);
    make_unit(&place, &server, "Trước").await;

    let taken = place.run(&["backup", file]);
    assert_eq!(taken.status.code(), Some(0), "{}", complaint(&taken));
    make_unit(&place, &server, "Sau").await;
    let in_use = place.run(&["restore", file, "--replace"]);
    assert_eq!(in_use.status.code(), Some(1));
    assert!(complaint(&in_use).contains("in use"), "{}", complaint(&in_use));
    assert_eq!(server.stop(), Some(0));
    let careless = place.run(&["restore", file]);
    assert!(complaint(&careless).contains("--replace"), "{}", complaint(&careless));
    let restored = place.run(&["restore", file, "--replace"]);
    assert_eq!(restored.status.code(), Some(0), "{}", complaint(&restored));

    let server = serve(&place);
    assert_eq!(units(&place, &server).await, ["Trước"]);
    assert_eq!(server.stop(), Some(0));
    assert!(out(&place.run(&["doctor"])).contains("the audit log holds"));
    place.database.execute("DROP TRIGGER audit_row_content_stays");
    place.database.execute("UPDATE audit_row SET action = 'nothing' WHERE position = 2");
    let found = out(&place.run(&["doctor"]));
    assert!(found.contains("WRONG  row 2 of the audit log") && found.contains("was changed"), "{found}");
}

#[actix_web::test]
async fn a_backup_never_overwrites_and_a_damaged_one_is_never_put_back() {
    let Some(place) = place().await else { return };
    let file = place.data.path().join("backup.db");
    let file = file.to_str().unwrap();
    fs::write(file, "something dear").unwrap();

    let refused = place.run(&["backup", file]);
    let no_backup = place.run(&["restore", file, "--replace"]);

    assert_eq!((refused.status.code(), no_backup.status.code()), (Some(1), Some(1)));
    assert_eq!(fs::read(file).unwrap(), b"something dear");
    fs::remove_file(file).unwrap();
    assert_eq!(place.run(&["backup", file]).status.code(), Some(0));
    let whole = fs::read(file).unwrap();
    fs::write(file, &whole[..whole.len() / 2]).unwrap();
    let damaged = place.run(&["restore", file, "--replace"]);
    assert_eq!(damaged.status.code(), Some(1), "{}", out(&damaged));
}

#[actix_web::test]
async fn on_postgresql_its_own_tools_are_named() {
    let place = Place::empty().await;
    let url = "postgres://nobody@127.0.0.1:1/none";

    let mut backup = super::command::bare(&["backup", "x", "--database", url]);
    let mut restore = super::command::bare(&["restore", "x", "--database", url]);

    for (command, tool) in [(&mut backup, "pg_dump"), (&mut restore, "pg_restore")] {
        let answer = command.current_dir(place.data.path()).output().unwrap();
        assert_eq!(answer.status.code(), Some(1));
        assert!(out(&answer).contains(tool), "{}", out(&answer));
    }
}

#[actix_web::test]
async fn whoever_is_listed_as_erased_is_erased_again() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("erasures.log");
    let app = TestApp::start_with(|config| config.erasures.log = list.to_str().unwrap().into()).await;
    let member = app.member_of(&app.unit("Chi bộ").await).await;
    let id = thidua::kit::values::ids::MemberId(member.id.parse().unwrap());
    let erased = RefCell::new(Vec::new());
    let erase = async |_: &thidua::db::Tx, member| {
        erased.borrow_mut().push(member);
        Ok(())
    };
    assert_eq!(app.app.erase_again(erase).await.unwrap(), 0);

    erasures::append(&app.app.erasure_list().unwrap(), &[(id, app.clock.now())]).unwrap();

    assert_eq!(app.app.erase_again(erase).await.unwrap(), 1);
    assert_eq!(*erased.borrow(), [id]);
}

#[actix_web::test]
async fn nobody_is_signed_in_after_a_restore() {
    let Some(place) = place().await else { return };
    let file = place.data.path().join("backup.db");
    let file = file.to_str().unwrap();
    place.run(&["token", "--staff", "lan"]);
    let insert = "INSERT INTO refresh_token (token_hash, session_id, issued_at, expires_at) \
        SELECT 'hash', id, created_at, expires_at FROM session";
    place.database.execute(insert);
    assert_eq!(place.run(&["backup", file]).status.code(), Some(0));

    let restored = place.run(&["restore", file, "--replace"]);

    assert!(out(&restored).contains("sign in again"), "{}", complaint(&restored));
    assert_eq!(place.database.count("SELECT id FROM session"), 1);
    assert_eq!(place.database.count("SELECT id FROM session WHERE revoked_at IS NULL"), 0);
    assert_eq!(place.database.count("SELECT token_hash FROM refresh_token"), 0);
    let again = place.run(&["token", "--staff", "lan"]);
    assert_eq!(again.status.code(), Some(0), "{}", complaint(&again));
}

/// Where the database and what lies beside it have this name.
fn named(place: &Place, name: &str) -> Vec<String> {
    let database = place.database.file().unwrap();
    let has_it = |file: &std::path::Path| {
        let bytes = fs::read(file).unwrap_or_default();
        bytes.windows(name.len()).any(|window| window == name.as_bytes())
    };
    let files = [database.clone(), database.with_extension("db-wal")];
    files.iter().filter(|file| has_it(file)).map(|file| file.display().to_string()).collect()
}

#[actix_web::test]
async fn whoever_was_erased_since_the_backup_is_erased_again_even_where_the_list_is_lost() {
    const NAME: &str = "Sentineltoerase";
    let Some(place) = place().await else { return };
    let file = place.data.path().join("backup.db");
    let file = file.to_str().unwrap();
    let list = place.data.path().join("erasures.log");
    let server = serve(&place);
    let unit = made(&place, &server, "/v1/units", json!({"name": "Chi bộ", "kind": "party_cell"})).await;
    let new = json!({"display_name": NAME, "home_unit_id": unit["id"]});
    let member = made(&place, &server, "/v1/members", new).await;
    assert_eq!(place.run(&["backup", file]).status.code(), Some(0));
    let new = json!({"member_id": member["id"], "kind": "erasure"});
    let request = made(&place, &server, "/v1/data-requests", new).await;
    let url = format!("/v1/data-requests/{}/resolve", request["id"].as_str().unwrap());
    made(&place, &server, &url, json!({"outcome": "done"})).await;
    assert_eq!(server.stop(), Some(0));
    assert_eq!(named(&place, NAME), [""; 0]);
    fs::remove_file(&list).unwrap();

    let restored = place.run(&["restore", file, "--replace"]);

    assert_eq!(restored.status.code(), Some(0), "{}", complaint(&restored));
    let listed: Vec<String> =
        erasures::read(&list).unwrap().into_iter().map(|(member, _)| member.to_string()).collect();
    assert_eq!(listed, [member["id"].as_str().unwrap()]);
    assert_eq!(named(&place, NAME).len(), 1, "the backup has the name");
    let server = serve(&place);
    assert_eq!(named(&place, NAME), [""; 0]);
    assert_eq!(server.stop(), Some(0));
    assert_eq!(named(&place, NAME), [""; 0]);
    assert_eq!(place.database.count("SELECT member_id FROM erasure WHERE source = 'restore'"), 1);
}

#[actix_web::test]
async fn the_doctor_says_when_erasures_cannot_be_listed() {
    let place = Place::migrated().await;
    let doctor = |list: &str| {
        let answer = place.command(&["doctor"]).env("THIDUA_ERASURES__LOG", list).output().unwrap();
        out(&answer)
    };
    let list = place.data.path().join("erasures.log").display().to_string();

    assert!(doctor(&list).contains("ok     erasures.log"), "{}", doctor(&list));
    assert!(!place.data.path().join("erasures.log").exists(), "the doctor changes nothing");
    let nowhere = format!("{list}/nowhere/erasures.log");
    assert!(doctor(&nowhere).contains("WRONG  erasures.log"), "{}", doctor(&nowhere));
    if place.database.file().is_none() {
        assert!(doctor("").contains("WRONG  erasures.log is not set"), "{}", doctor(""));
    }
}

#[actix_web::test]
async fn why_no_backup_was_made_is_said_as_it_is() {
    let place = Place::migrated().await;
    if place.database.file().is_none() {
        return;
    }
    let there = place.data.path().join("there.db").display().to_string();
    fs::write(&there, "x").unwrap();

    let (nowhere, overwriting) = (place.run(&["backup", "/nowhere/x.db"]), place.run(&["backup", &there]));

    assert!(complaint(&nowhere).contains("/nowhere/x.db: No such file"), "{}", complaint(&nowhere));
    assert!(!complaint(&nowhere).contains("overwrites"), "{}", complaint(&nowhere));
    assert!(complaint(&overwriting).ends_with("a backup never overwrites a file\n"), "{}", complaint(&overwriting));
}
