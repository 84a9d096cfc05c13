//! Rotation of the keys that sign access tokens.

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::Value;
use thidua::{
    app::App,
    identity::keys::{self, PUBLISHED_BEFORE, Rotation, When},
    kit::{
        secrets::{KeyRing, Vault},
        values::Clock,
    },
};

use crate::harness::{Person, Replica, TestApp, text};

async fn rotate(app: &TestApp, when: When) -> Rotation {
    // As the command line does it: a process of its own, which shares the database and nothing else.
    let (vault, moment): (Vault, _) = (app.app.vault.clone(), app.clock.now());
    keys::rotate(&app.app.db, &vault, &Clock::from_fn(move || moment), when).await.unwrap()
}

async fn published(app: &TestApp, replica: &Replica) -> Vec<String> {
    let set = app.get("/.well-known/jwks.json").via(replica).await.expect(200);
    set["keys"].as_array().unwrap().iter().map(|key| text(&key["kid"])).collect()
}

fn kid(token: &str) -> String {
    KeyRing::kid_of(token).unwrap()
}

/// The same requests at both servers, with each of these tokens; none may be refused.
async fn ask_everywhere(app: &TestApp, replica: &Replica, people: &[Person]) {
    let here = people.iter().map(|person| app.get("/v1/me").caller(person).into_future());
    let there = people.iter().map(|person| app.get("/v1/me").caller(person).via(replica).into_future());
    for answer in join_all(here.chain(there)).await {
        answer.expect(200);
    }
}

#[actix_web::test]
async fn keys_are_rotated_under_a_stream_of_requests_without_one_false_401() {
    let app = TestApp::start().await;
    let replica = app.replica_server().await;
    let member = app.member_of(&app.unit("Chi bộ 1").await).await;
    let old_kid = kid(&member.token);
    let mut people = vec![app.admin.clone(), member.clone()];
    ask_everywhere(&app, &replica, &people).await;

    let rotation = rotate(&app, When::Published).await;

    assert!(rotation.is_new && rotation.signs_from == app.clock.now() + PUBLISHED_BEFORE);
    let mut kids = Vec::new();
    // 20 minutes in steps of 40 seconds: sign in and ask on both sides of the change-over.
    for _ in 0..30 {
        app.clock.advance(TimeDelta::seconds(40));
        let fresh = app.sign_in(&member.id).await;
        kids.push(kid(&fresh.token));
        people.push(fresh);
        let alive = people.len().saturating_sub(20);
        ask_everywhere(&app, &replica, &people[alive..]).await;
    }
    assert_eq!(kids.first(), Some(&old_kid));
    assert_eq!(kids.last(), Some(&rotation.kid));
    kids.dedup();
    assert_eq!(kids.len(), 2, "it changes over once");
}

#[actix_web::test]
async fn the_next_key_is_published_before_it_signs_and_the_old_one_until_its_tokens_have_ended() {
    let app = TestApp::start().await;
    let replica = app.replica_server().await;
    let old = kid(&app.admin.token);

    let new = rotate(&app, When::Published).await.kid;
    app.clock.advance(TimeDelta::seconds(60));

    let set = published(&app, &replica).await;
    assert!(set.contains(&old) && set.contains(&new));
    assert!(!rotate(&app, When::Published).await.is_new, "one rotation at a time");
    app.clock.advance(PUBLISHED_BEFORE);
    // Whoever is asked anything sees to it that its keys are not old.
    app.get("/v1/activities").await.expect(200);
    let token = app.sign_in(&app.admin.id).await.token;
    assert_eq!(kid(&token), new);
    app.clock.advance(TimeDelta::hours(25));
    assert_eq!(published(&app, &replica).await, [new]);
}

#[actix_web::test]
async fn a_key_that_somebody_else_has_ends_at_once() {
    let app = TestApp::start().await;
    let replica = app.replica_server().await;
    ask_everywhere(&app, &replica, std::slice::from_ref(&app.admin)).await;

    let rotation = rotate(&app, When::Compromised).await;
    // What the message of the database says to a server that listens.
    let heard = |app: &App| app.apply(&[thidua::db::Effect::ReloadKeys, thidua::db::Effect::ForgetCallers]);
    heard(&app.app);
    heard(&replica.app);

    app.get("/v1/me").caller(&app.admin).await.is_problem(401, "invalid_token");
    app.get("/v1/me").caller(&app.admin).via(&replica).await.is_problem(401, "invalid_token");
    let fresh = app.sign_in(&app.admin.id).await;
    assert_eq!(kid(&fresh.token), rotation.kid);
    ask_everywhere(&app, &replica, &[fresh]).await;
}

#[actix_web::test]
async fn a_key_that_somebody_else_has_ends_within_five_seconds_where_no_message_is_heard() {
    let app = TestApp::start().await;
    let replica = app.replica_server().await;
    ask_everywhere(&app, &replica, std::slice::from_ref(&app.admin)).await;

    rotate(&app, When::Compromised).await;
    // Whoever was let in a moment ago is let in no longer than others.
    app.clock.advance(TimeDelta::seconds(4));
    app.get("/v1/me").caller(&app.admin).await;
    app.clock.advance(TimeDelta::seconds(1));

    app.get("/v1/me").caller(&app.admin).await.is_problem(401, "invalid_token");
    app.get("/v1/me").caller(&app.admin).via(&replica).await.is_problem(401, "invalid_token");
}

#[actix_web::test]
async fn the_keys_are_read_once_in_five_seconds_however_many_ask() {
    let app = TestApp::start().await;
    app.clock.advance(TimeDelta::seconds(5));
    let before = app.app.keys().loaded_at();

    for _ in 0..3 {
        app.get("/v1/me").caller(&app.admin).await.expect(200);
        app.clock.advance(TimeDelta::seconds(1));
    }

    assert_eq!(app.app.keys().loaded_at(), before + TimeDelta::seconds(5));
}

#[actix_web::test]
async fn replicas_that_start_together_share_one_key() {
    let app = TestApp::start().await;

    let replicas = join_all((0..4).map(|_| app.replica_server())).await;

    let mut sets: Vec<Value> = Vec::new();
    for replica in &replicas {
        sets.push(app.get("/.well-known/jwks.json").via(replica).await.expect(200));
    }
    sets.dedup();
    assert_eq!(sets.len(), 1);
}
