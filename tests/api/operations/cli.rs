//! The command line.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use thidua::kit::secrets::secret::sha256;
use url::Url;

use super::command::{Place, bare, client, complaint, out};

#[test]
fn the_committed_openapi_document_is_what_the_code_says() {
    let checked = bare(&["openapi", "--check"]).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();

    assert_eq!(checked.status.code(), Some(0), "{}", complaint(&checked));
}

#[test]
fn another_openapi_document_is_noticed_and_said_how_to_mend() {
    let folder = tempfile::tempdir().unwrap();

    let checked = bare(&["openapi", "--check"]).current_dir(folder.path()).output().unwrap();

    assert_eq!(checked.status.code(), Some(1));
    assert!(complaint(&checked).contains("cargo run -- openapi"));
}

#[test]
fn an_unknown_setting_is_refused_by_its_name() {
    let refused = bare(&["migrate", "status"]).env("THIDUA_SERVER__LISTNE", "x").output().unwrap();

    assert_eq!(refused.status.code(), Some(2));
    assert!(complaint(&refused).contains("listne"), "{}", complaint(&refused));
}

#[cfg(unix)]
#[test]
fn the_embedded_database_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();

    let migrated = bare(&["migrate", "up", "--data"]).arg(folder.path()).output().unwrap();

    assert_eq!(migrated.status.code(), Some(0), "{}", complaint(&migrated));
    let mode = std::fs::metadata(folder.path().join("thidua.db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_number_with_which_nothing_would_work_is_refused_by_every_command() {
    for command in [&["doctor"][..], &["serve"], &["relay"], &["migrate"], &["demo"]] {
        let refused = bare(command).env("THIDUA_DATABASE__CONNECTIONS", "0").output().unwrap();

        assert_eq!(refused.status.code(), Some(2), "{command:?}");
        let said = "thidua: database.connections is 0; from 3 to 10000 is permitted\n";
        assert_eq!(complaint(&refused), said, "{command:?}");
    }
}

#[test]
fn what_went_wrong_is_said_once() {
    let folder = tempfile::tempdir().unwrap();
    let said = |arguments: &[&str]| complaint(&bare(arguments).current_dir(folder.path()).output().unwrap());

    let (settings, restored) = (said(&["--config", "none.toml", "doctor"]), said(&["restore", "none.db"]));

    assert_eq!(settings.matches("not found").count(), 1, "{settings}");
    assert_eq!(restored.matches("unable to open database file").count(), 1, "{restored}");
}

#[test]
fn an_unknown_argument_is_a_wrong_usage() {
    assert_eq!(bare(&["serve", "--fast"]).output().unwrap().status.code(), Some(2));
}

#[actix_web::test]
async fn the_schema_goes_up_one_step_down_and_up_again() {
    let place = Place::empty().await;
    if let Some(file) = place.database.file() {
        std::fs::write(file, "").unwrap();
    }

    assert!(out(&place.run(&["migrate", "status"])).contains("Pending"));
    assert!(out(&place.run(&["migrate"])).contains("up to date"));
    assert!(out(&place.run(&["migrate", "down"])).contains("Pending, 1"));
    let ill = place.run(&["doctor"]);
    assert!(ill.status.code() == Some(1) && out(&ill).contains("migrations pending: 1"), "{}", out(&ill));
    assert!(out(&place.run(&["migrate", "up"])).contains("up to date"));
}

#[actix_web::test]
async fn a_new_account_of_staff_signs_in() {
    let place = Place::migrated().await;
    let added = place.run_with(&["staff", "add", "Lan", "--role", "admin", "--password-stdin"], "đường dài hoa nở");
    assert_eq!(added.status.code(), Some(0), "{}", complaint(&added));
    let server = place.start(&["serve", "--listen", "127.0.0.1:0"]);

    let token = sign_in(&server.url, "lan", "đường dài hoa nở").await;

    let me = client().get(format!("{}/v1/me", server.url)).bearer_auth(token).send().await.unwrap();
    assert_eq!(me.json::<Value>().await.unwrap()["role"], "admin");
}

async fn sign_in(url: &str, username: &str, password: &str) -> String {
    let redirect_uri = format!("{url}/swagger-ui/oauth2-redirect.html");
    let verifier = "a-verifier-of-more-than-forty-three-characters-0";
    let challenge = URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes()));
    let form = [
        ("client_id", "swagger-ui"),
        ("redirect_uri", &redirect_uri),
        ("state", "s"),
        ("code_challenge", &challenge),
        ("username", username),
        ("password", password),
    ];
    let client = client();
    let answer = client.post(format!("{url}/oauth/authorize")).header("Origin", url).form(&form).send().await.unwrap();
    let back = Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
    let code = back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &redirect_uri),
        ("client_id", "swagger-ui"),
        ("code_verifier", verifier),
    ];
    let tokens = client.post(format!("{url}/oauth/token")).form(&form).send().await.unwrap();
    tokens.json::<Value>().await.unwrap()["access_token"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn keys_are_rotated_once_at_a_time_and_listed() {
    let place = Place::migrated().await;

    let made = place.run(&["key", "rotate"]);
    let again = place.run(&["key", "rotate"]);
    let listed = place.run(&["key", "rotate", "--list"]);
    let compromised = place.run(&["key", "rotate", "--compromised"]);

    assert!(out(&made).contains("Made "), "{}", complaint(&made));
    assert!(out(&again).contains("under way"), "{}", complaint(&again));
    assert_eq!((out(&listed).lines().count(), out(&listed).contains("  next ")), (1, true), "{}", out(&listed));
    assert!(
        out(&compromised).contains("  signing ") && out(&compromised).contains("  retired "),
        "{}",
        out(&compromised)
    );
}

#[actix_web::test]
async fn an_account_is_disabled_and_enabled_again() {
    let place = Place::migrated().await;
    place.run(&["staff", "add", "lan", "--role", "admin"]);
    place.run(&["staff", "add", "mai", "--role", "admin"]);
    let token = || place.run(&["token", "--staff", "lan"]).status.code();
    assert_eq!(token(), Some(0));

    assert_eq!(place.run(&["staff", "disable", "LAN"]).status.code(), Some(0));
    assert_eq!(token(), Some(1));
    assert_eq!(place.run(&["staff", "enable", "lan"]).status.code(), Some(0));
    assert_eq!(token(), Some(0));

    assert!(out(&place.run(&["staff", "password", "lan"])).contains("shown this once"));
    assert_eq!(place.run(&["staff", "remove-totp", "lan"]).status.code(), Some(0));
    assert_eq!(place.run(&["staff", "disable", "nobody"]).status.code(), Some(1));
}

#[actix_web::test]
async fn the_last_admin_is_not_disabled_and_it_is_said_what_to_do() {
    let place = Place::migrated().await;
    place.run(&["staff", "add", "lan", "--role", "admin"]);

    let refused = place.run(&["staff", "disable", "lan"]);

    assert_eq!(refused.status.code(), Some(1));
    assert!(complaint(&refused).contains("Make another admin first"), "{}", complaint(&refused));
    assert_eq!(place.run(&["token", "--staff", "lan"]).status.code(), Some(0));
}

#[test]
fn where_there_is_no_database_it_is_said_and_none_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let mistyped = folder.path().join("dtaa");
    for command in [
        &["recount"][..],
        &["recount", "--repair"],
        &["token", "--staff", "lan"],
        &["key", "rotate", "--list"],
        &["key", "rotate"],
        &["staff", "password", "lan"],
        &["staff", "disable", "lan"],
        &["relay"],
        &["backup", "copy.db"],
        &["doctor"],
        &["migrate", "status"],
        &["migrate", "down"],
    ] {
        for data in [&mistyped, &folder.path().to_owned()] {
            let ran = bare(command).arg("--data").arg(data).current_dir(folder.path()).output().unwrap();

            assert_eq!(ran.status.code(), Some(1), "{command:?}");
            let said = out(&ran) + &complaint(&ran);
            assert!(said.contains("there is no database"), "{command:?}: {said}");
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{command:?} made something");
        }
    }
}

#[actix_web::test]
async fn a_made_up_password_is_shown_once_and_a_username_is_taken_once() {
    let place = Place::migrated().await;

    let added = place.run(&["staff", "add", "lan", "--role", "admin"]);
    let again = place.run(&["staff", "add", "LAN", "--role", "admin"]);

    assert!(out(&added).contains("Password"), "{}", complaint(&added));
    assert_eq!(again.status.code(), Some(1));
    assert!(complaint(&again).contains("already"));
}

#[actix_web::test]
async fn a_token_for_scripts_is_all_that_is_printed() {
    let place = Place::migrated().await;
    place.run(&["staff", "add", "lan", "--role", "admin"]);

    let token = out(&place.run(&["token", "--staff", "lan"]));

    assert_eq!((token.lines().count(), token.trim().split('.').count()), (1, 3), "{token}");
}

#[actix_web::test]
async fn a_token_is_good_at_the_server_that_runs_wherever_it_listens() {
    let place = Place::migrated().await;
    place.run(&["staff", "add", "lan", "--role", "admin"]);
    let early = place.run(&["token", "--staff", "lan"]);
    assert!(complaint(&early).contains("no server has run"), "{}", complaint(&early));
    let server = place.start(&["serve", "--listen", "127.0.0.1:0", "--no-relay"]);

    let token = out(&place.run(&["token", "--staff", "lan"]));

    let me = client().get(format!("{}/v1/me", server.url)).bearer_auth(token.trim()).send().await.unwrap();
    assert_eq!(me.status(), 200);
}

#[actix_web::test]
async fn saying_what_is_pending_writes_nothing() {
    let place = Place::empty().await;
    if let Some(file) = place.database.file() {
        std::fs::write(file, "").unwrap();
    }

    assert!(out(&place.run(&["migrate", "status"])).contains("Pending"));

    let tables = "SELECT name FROM sqlite_master";
    let tables = if place.database.url().starts_with("sqlite") {
        tables
    } else {
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    };
    assert_eq!(place.database.count(tables), 0);
}

#[actix_web::test]
async fn figures_that_drifted_are_found_and_repaired_from_the_ledger() {
    let place = Place::empty().await;
    drop(place.start(&["demo", "--listen", "127.0.0.1:0"]));
    assert_eq!(place.run(&["recount"]).status.code(), Some(0));
    place.database.execute("UPDATE target_unit_total SET verified = verified + 5000");
    place.database.execute("UPDATE pledge SET next_due_on = '2026-01-02'");

    let found = place.run(&["recount"]);
    let verified = place.run(&["recount", "--verify"]);
    let repaired = place.run(&["recount", "--repair"]);

    assert_eq!((found.status.code(), verified.status.code()), (Some(1), Some(1)));
    assert!(out(&found).contains("stored reported"), "{}", out(&found));
    assert!(out(&found).contains("stored next due on 2026-01-02"), "{}", out(&found));
    assert_eq!(repaired.status.code(), Some(0), "{}", complaint(&repaired));
    assert_eq!(place.run(&["recount"]).status.code(), Some(0));
    assert_eq!(place.database.count("SELECT id FROM audit_row WHERE action = 'repair_figures'"), 1);
}

#[actix_web::test]
async fn a_server_that_is_asked_to_stop_ends_well() {
    let place = Place::empty().await;
    let server = place.start(&["serve", "--listen", "127.0.0.1:0"]);
    let ready = client().get(format!("{}/readyz", server.url)).send().await.unwrap();

    assert_eq!(ready.status(), 200);
    assert_eq!(server.stop(), Some(0));
}

#[actix_web::test]
async fn the_doctor_says_what_is_wrong_and_shows_no_secret() {
    let place = Place::migrated().await;

    let mut doctor = place.command(&["doctor"]);
    doctor.env("THIDUA_ZALO__APP_SECRET", "hush-hush").env("THIDUA_SERVER__PUBLIC_URL", "http://thidua.example.vn");
    let found = doctor.output().unwrap();

    let text = out(&found);
    assert_eq!(found.status.code(), Some(1));
    assert!(text.contains("WRONG  server.public_url http://thidua.example.vn is not https"), "{text}");
    assert!(text.contains("THIDUA_ZALO__APP_ID") && text.contains("the schema is up to date"), "{text}");
    assert!(!text.contains("hush-hush") && !text.contains("KioqKio"), "{text}");
}
