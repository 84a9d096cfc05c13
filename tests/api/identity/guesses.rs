//! Guesses at passwords and codes, on all replicas together.

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::json;
use thidua::{
    config::Config,
    identity::totp::{TotpSecret, step_at},
};

use super::oauth::{CHALLENGE, PASSWORD, REDIRECT, code_of, exchange, set_password, sign_in_form};
use crate::harness::{Answer, Person, Replica, Request, TestApp, heard, listen, text};

/// Behind one proxy, with a password for the admin.
async fn start(change: impl FnOnce(&mut Config)) -> TestApp {
    let app = TestApp::start_with(|config| {
        config.server.forwarded_hops = 1;
        change(config);
    })
    .await;
    set_password(&app).await;
    app
}

fn try_password(app: &TestApp, from: &str, username: &str, password: &str) -> Request {
    app.post("/oauth/authorize").header("X-Forwarded-For", from).form(&sign_in_form(username, password))
}

fn cookie_of(answer: &Answer) -> String {
    answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
}

fn rows(app: &TestApp) -> usize {
    app.count("SELECT bucket FROM wrong_guess")
}

#[actix_web::test]
async fn a_network_has_a_limit_for_all_usernames_on_all_replicas() {
    let app = start(|config| config.sign_in.wrong_passwords_per_network = 6.try_into().unwrap()).await;
    let replica = app.replica_server().await;
    let cookie = cookie_of(&try_password(&app, "203.0.113.1", "admin", PASSWORD).await);
    assert_eq!(rows(&app), 0, "a good sign-in writes nothing");
    for number in 0..6 {
        let guess = try_password(&app, &format!("203.0.113.{number}"), &format!("user{number}"), "sai");
        let answer = if number % 2 == 0 { guess.await } else { guess.via(&replica).await };
        assert_eq!(answer.status, 401);
    }
    let written = rows(&app);

    let refused = try_password(&app, "203.0.113.200", "admin", PASSWORD).via(&replica).await;
    let unknown = try_password(&app, "203.0.113.200", "somebody", "sai").await;

    assert_eq!((refused.status, unknown.status), (429, 429));
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=600).contains(&wait), "{wait}");
    assert_eq!(rows(&app), written, "what is refused is not written");
    code_of(&try_password(&app, "203.0.114.1", "admin", PASSWORD).await);
    for _ in 0..3 {
        let wrong = try_password(&app, "203.0.113.1", "admin", "sai").header("Cookie", &cookie).await;
        assert_eq!(wrong.status, 401, "the owner's device is not in that count");
    }
    code_of(&try_password(&app, "203.0.113.1", "admin", PASSWORD).header("Cookie", &cookie).await);
    assert_eq!(rows(&app), written);
    app.clock.advance(TimeDelta::minutes(10));
    code_of(&try_password(&app, "203.0.113.200", "admin", PASSWORD).await);
}

#[actix_web::test]
async fn an_ipv6_network_of_48_bits_is_one_network() {
    let app = start(|config| config.sign_in.wrong_passwords_per_network = 2.try_into().unwrap()).await;
    for number in 0..2 {
        let from = format!("2001:db8:1:{number}::1");
        assert_eq!(try_password(&app, &from, &format!("user{number}"), "sai").await.status, 401);
    }

    assert_eq!(try_password(&app, "2001:db8:1:ffff::2", "user3", "sai").await.status, 429);
    assert_eq!(try_password(&app, "2001:db8:2::1", "user3", "sai").await.status, 401);
}

#[actix_web::test]
async fn all_networks_together_have_a_limit_that_raises_an_alarm_and_leaves_owners_their_devices() {
    listen();
    let app = start(|config| config.sign_in.wrong_passwords_in_all = 8.try_into().unwrap()).await;
    let replica = app.replica_server().await;
    let cookie = cookie_of(&try_password(&app, "198.51.100.1", "admin", PASSWORD).await);
    for number in 0..8 {
        let guess = try_password(&app, &format!("203.{number}.113.1"), &format!("user{number}"), "sai");
        let answer = if number % 2 == 0 { guess.await } else { guess.via(&replica).await };
        assert_eq!(answer.status, 401);
    }

    for server in [None, Some(&replica)] {
        let guess = try_password(&app, "192.0.2.1", "admin", PASSWORD);
        let answer = match server {
            None => guess.await,
            Some(replica) => guess.via(replica).await,
        };
        assert_eq!(answer.status, 429);
        assert!(answer.header("retry-after").is_some());
    }

    code_of(&try_password(&app, "192.0.2.1", "admin", PASSWORD).header("Cookie", &cookie).via(&replica).await);
    let log = heard();
    assert_eq!(log.matches("alarm=\"password_guessing\"").count(), 1, "{log}");
    assert!(app.get_inside("/metrics").await.text().contains("thidua_guesses_refused_total{by=\"all\"}"));
    app.clock.advance(TimeDelta::minutes(10));
    code_of(&try_password(&app, "192.0.2.1", "admin", PASSWORD).await);
}

#[actix_web::test]
async fn of_many_guesses_at_once_no_more_are_answered_than_the_limit() {
    let app = start(|config| config.sign_in.wrong_passwords_per_network = 5.try_into().unwrap()).await;
    let names: Vec<String> = (0..20).map(|number| format!("user{number}")).collect();

    let guesses = names.iter().map(|name| try_password(&app, "203.0.113.1", name, "sai").into_future());
    let answers = join_all(guesses).await;

    let told = answers.iter().filter(|answer| answer.status == 401).count();
    assert_eq!(told, 5, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
}

#[actix_web::test]
async fn a_username_has_a_limit_on_all_replicas_together() {
    let app = start(|_| {}).await;
    let (second, third) = (app.replica_server().await, app.replica_server().await);
    let guess = async |replica: Option<&Replica>, number: usize, password: &str| {
        let guess = try_password(&app, &format!("203.{number}.113.1"), "Admin", password);
        match replica {
            None => guess.await.status,
            Some(replica) => guess.via(replica).await.status,
        }
    };
    for number in 0..10 {
        assert_eq!(guess(None, number, "sai").await, 401);
        assert_eq!(guess(Some(&second), 100 + number, "sai").await, 401);
    }

    assert_eq!(guess(Some(&third), 200, PASSWORD).await, 429);
}

/// A session of the admin's, and a second factor that is confirmed.
async fn with_totp(app: &TestApp) -> (Person, TotpSecret, String) {
    let signed_in = try_password(app, "198.51.100.1", "admin", PASSWORD).await;
    let token = exchange(app, &code_of(&signed_in)).await.expect(200);
    let person = Person { id: app.admin.id.clone(), token: text(&token["access_token"]) };
    let begun = app.post("/v1/me/totp").caller(&person).json(json!({"password": PASSWORD})).await.expect(200);
    let secret = TotpSecret::from_base32(&text(&begun["secret"])).unwrap();
    let body = json!({"code": secret.code(step_at(app.clock.now()))});
    app.post("/v1/me/totp/confirm").caller(&person).json(body).await.expect(200);
    let page = try_password(app, "198.51.100.1", "admin", PASSWORD).await.text();
    let (_, rest) = page.split_once("name=\"ticket\" value=\"").unwrap();
    (person, secret, rest.split('"').next().unwrap().to_owned())
}

fn try_code(app: &TestApp, from: &str, ticket: &str, code: &str) -> Request {
    let form = [
        ("client_id", "swagger-ui"),
        ("redirect_uri", REDIRECT),
        ("state", "xyz"),
        ("code_challenge", CHALLENGE),
        ("ticket", ticket),
        ("code", code),
    ];
    app.post("/oauth/authorize").header("X-Forwarded-For", from).form(&form)
}

#[actix_web::test]
async fn the_codes_of_an_account_have_a_limit_on_all_replicas_together() {
    let app = start(|_| {}).await;
    let (_, secret, ticket) = with_totp(&app).await;
    app.clock.advance(TimeDelta::seconds(30));
    let right = || secret.code(step_at(app.clock.now()));
    let cookie = cookie_of(&try_code(&app, "198.51.100.1", &ticket, &right()).await);
    let (second, third) = (app.replica_server().await, app.replica_server().await);
    for number in 0..10 {
        let guess = try_code(&app, &format!("203.{number}.113.1"), &ticket, "000000");
        let answer = if number < 8 { guess.via(&second).await } else { guess.via(&third).await };
        assert_eq!(answer.status, 401);
    }
    app.clock.advance(TimeDelta::seconds(30));

    let stranger = try_code(&app, "203.99.113.1", &ticket, &right()).via(&third).await;
    let owner = try_code(&app, "203.99.113.1", &ticket, &right()).header("Cookie", &cookie).via(&third).await;

    assert_eq!(stranger.status, 429);
    code_of(&owner);
}

#[actix_web::test]
async fn wrong_codes_count_for_their_network() {
    let app = start(|config| config.sign_in.wrong_passwords_per_network = 3.try_into().unwrap()).await;
    let (_, _, ticket) = with_totp(&app).await;
    for _ in 0..3 {
        assert_eq!(try_code(&app, "203.0.113.1", &ticket, "000000").await.status, 401);
    }

    assert_eq!(try_password(&app, "203.0.113.2", "somebody", "sai").await.status, 429);
}

#[actix_web::test]
async fn guesses_at_ones_own_password_have_a_limit_on_all_replicas_together() {
    let app = start(|_| {}).await;
    let (second, third) = (app.replica_server().await, app.replica_server().await);
    let person = app.sign_in(&app.admin.id).await;
    let guess = |password: &str| app.post("/v1/me/totp").caller(&person).json(json!({"password": password}));
    for _ in 0..10 {
        guess("sai").await.has_faults(&[("/password", "wrong_password")]);
        guess("sai").via(&second).await.has_faults(&[("/password", "wrong_password")]);
    }

    guess(PASSWORD).via(&third).await.is_problem(429, "too_many_requests");
}

#[actix_web::test]
async fn counts_go_when_their_window_is_over() {
    let app = start(|_| {}).await;
    assert_eq!(try_password(&app, "203.0.113.1", "admin", "sai").await.status, 401);
    thidua::relay::housekeeping::delete_old(&app.app).await;
    assert_eq!(rows(&app), 3);

    app.clock.advance(TimeDelta::minutes(10));
    thidua::relay::housekeeping::delete_old(&app.app).await;

    assert_eq!(rows(&app), 0);
}
