//! A relay that is killed while it sends: another one sends the message soon after.

use std::time::{Duration, Instant};

use chrono::Utc;
use secrecy::ExposeSecret as _;
use tempfile::TempDir;
use thidua::{outbox::Event, sandbox::zalo::Endpoint};

use super::command::{Running, bare};
use crate::harness::TestApp;

/// How soon another worker goes on.
const SOON: Duration = Duration::from_secs(15);
/// How long anything may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A relay in a process of its own, on the database of this test and its stand-in for Zalo.
fn relay(app: &TestApp, data: &TempDir, refresh_token: &str) -> Running {
    let mut command = bare(&["relay"]);
    command.arg("--data").arg(data.path()).args(["--database", &app.database_url()]);
    command.env("THIDUA_LOG__FILTER", "warn");
    command.env("THIDUA_SECRETS__MASTER_KEY", "KioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKio=");
    let zalo = &app.app.config.zalo;
    for (name, value) in [
        ("GRAPH_URL", zalo.graph_url.as_str()),
        ("OAUTH_URL", &zalo.oauth_url),
        ("OPENAPI_URL", &zalo.openapi_url),
        ("APP_ID", &zalo.app_id),
        ("APP_SECRET", zalo.app_secret.expose_secret()),
        ("OA_REFRESH_TOKEN", refresh_token),
    ] {
        command.env(format!("THIDUA_ZALO__{name}"), value);
    }
    Running::start(command)
}

async fn until(is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "it was too slow");
        tokio::task::yield_now().await;
    }
}

#[actix_web::test]
async fn a_message_of_a_killed_relay_is_sent_by_another_one_within_fifteen_seconds() {
    let (app, zalo) = TestApp::start_with_zalo().await;
    let unit = app.unit("Chi bộ 1").await;
    let member = app.zalo_member_of(&unit, zalo.follower()).await;
    app.run_relay().await;
    let checkins = [app.checkin_row(&unit, &member).await.id, app.checkin_row(&unit, &member).await.id];
    let [first, second] = checkins.map(|checkin_id| Event::CheckinVerified { checkin_id, decision_id: None });
    // Those processes have the machine's own clock.
    app.clock.advance(Utc::now() - app.clock.now());
    let (token, folders) = (zalo.new_refresh_token(), [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()]);
    let delivered = || app.count("SELECT id FROM delivery WHERE status = 'delivered'");
    let doomed = relay(&app, &folders[0], &token);
    app.record(first).await;
    until(|| delivered() == 1).await;
    let heir = relay(&app, &folders[1], &token);
    heir.signal("STOP");
    zalo.answer_after(Duration::from_secs(30));

    app.record(second).await;
    until(|| zalo.calls(Endpoint::Consultation) == 2).await;
    // It goes by SIGKILL.
    drop(doomed);
    let killed = Instant::now();
    heir.signal("CONT");
    zalo.work_again();
    until(|| zalo.calls(Endpoint::Consultation) == 3).await;

    assert!(killed.elapsed() < SOON, "{:?}", killed.elapsed());
    until(|| delivered() == 2).await;
    assert_eq!(zalo.sent().len(), 2);
}
