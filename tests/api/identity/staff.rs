//! Passwords, second factors, guesses, and accounts that end.

use chrono::TimeDelta;
use serde_json::{Value, json};
use thidua::{
    db::{Actor, Tx},
    identity::{
        staff::{self, StaffAccount},
        totp::{TotpSecret, step_at},
    },
    kit::problems::Problem,
};

use super::oauth::{CHALLENGE, PASSWORD, REDIRECT, code, code_of, exchange, set_password, sign_in_form};
use crate::harness::{Answer, Person, TestApp, text};

const NEW_PASSWORD: &str = "một mật khẩu khác, dài";

async fn try_password(app: &TestApp, username: &str, password: &str) -> Answer {
    app.post("/oauth/authorize").form(&sign_in_form(username, password)).await
}

async fn session(app: &TestApp) -> (Person, Value) {
    let token = exchange(app, &code(app).await).await.expect(200);
    (Person { id: app.admin.id.clone(), token: text(&token["access_token"]) }, token)
}

/// The cookie that an answer sets.
fn cookie_of(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

/// A second factor of the admin's, confirmed: its secret and its recovery codes.
async fn enable_totp(app: &TestApp, person: &Person) -> (TotpSecret, Vec<String>) {
    let begun = app.post("/v1/me/totp").caller(person).json(json!({"password": PASSWORD})).await.expect(200);
    let secret = TotpSecret::from_base32(&text(&begun["secret"])).unwrap();
    assert!(text(&begun["uri"]).starts_with("otpauth://totp/"));
    let body = json!({"code": secret.code(step_at(app.clock.now()))});
    let confirmed = app.post("/v1/me/totp/confirm").caller(person).json(body).await.expect(200);
    let codes = confirmed["recovery_codes"].as_array().unwrap().iter().map(text).collect();
    (secret, codes)
}

/// The ticket in the page that asks for a code.
fn ticket_of(answer: &Answer) -> String {
    let page = answer.text();
    let (_, rest) = page.split_once("name=\"ticket\" value=\"").unwrap_or_else(|| panic!("no ticket: {page}"));
    rest.split('"').next().unwrap().to_owned()
}

async fn try_code(app: &TestApp, ticket: &str, code: &str) -> Answer {
    try_code_from(app, "", ticket, code).await
}

async fn try_code_from(app: &TestApp, cookie: &str, ticket: &str, code: &str) -> Answer {
    let form = [
        ("client_id", "swagger-ui"),
        ("redirect_uri", REDIRECT),
        ("state", "xyz"),
        ("code_challenge", CHALLENGE),
        ("ticket", ticket),
        ("code", code),
    ];
    app.post("/oauth/authorize").header("Cookie", cookie).form(&form).await
}

#[actix_web::test]
async fn a_wrong_password_and_an_unknown_username_are_told_apart_by_nothing() {
    let app = TestApp::start().await;
    set_password(&app).await;
    let work = || app.app.hashing.taken();

    let before = work();
    let wrong = try_password(&app, "admin", "sai").await;
    let between = work();
    let unknown = try_password(&app, "nobody", "sai").await;
    let after = work();

    assert_eq!((wrong.status, wrong.text()), (unknown.status, unknown.text()));
    assert_eq!(wrong.status, 401);
    assert_eq!((between - before, after - between), (1, 1), "one password is hashed either way");
}

#[actix_web::test]
async fn guesses_lock_strangers_out_but_not_the_owners_own_device() {
    let app = TestApp::start().await;
    set_password(&app).await;
    let cookie = cookie_of(&try_password(&app, "admin", PASSWORD).await);
    for _ in 0..9 {
        assert_eq!(try_password(&app, "Admin", "sai").await.status, 401);
        assert_eq!(try_password(&app, "nobody", "sai").await.status, 401);
    }
    assert_eq!(try_password(&app, "nobody", "sai").await.status, 401);

    let stranger = try_password(&app, "admin", PASSWORD).await;
    let unknown = try_password(&app, "nobody", PASSWORD).await;
    let owner = app.post("/oauth/authorize").header("Cookie", &cookie).form(&sign_in_form("admin", PASSWORD)).await;

    assert_eq!((stranger.status, unknown.status), (429, 429));
    assert_eq!(stranger.text(), unknown.text());
    assert!(stranger.header("retry-after").is_some());
    code_of(&owner);
    let other = app.post("/oauth/authorize").header("Cookie", &cookie).form(&sign_in_form("nobody", PASSWORD)).await;
    assert_eq!(other.status, 429, "the device is known to its own username alone");
}

#[actix_web::test]
async fn a_new_password_ends_every_other_session() {
    let app = TestApp::start().await;
    set_password(&app).await;
    let ((here, _), (elsewhere, _)) = (session(&app).await, session(&app).await);
    let change = |current: &str, new: &str| json!({"current_password": current, "new_password": new});
    let put = |body: Value| app.put("/v1/me/password").caller(&here).json(body);
    put(change("sai", NEW_PASSWORD)).await.has_faults(&[("/current_password", "wrong_password")]);
    put(change(PASSWORD, "ngắn")).await.has_faults(&[("/new_password", "too_short")]);
    put(change(PASSWORD, PASSWORD)).await.has_faults(&[("/new_password", "too_weak")]);
    put(change(PASSWORD, "xin chào ADMIN 123")).await.has_faults(&[("/new_password", "too_weak")]);

    put(change(PASSWORD, NEW_PASSWORD)).await.expect(204);

    app.get("/v1/me").caller(&here).await.expect(200);
    app.get("/v1/me").caller(&elsewhere).await.is_problem(401, "invalid_token");
    assert_eq!(try_password(&app, "admin", PASSWORD).await.status, 401);
    code_of(&try_password(&app, "admin", NEW_PASSWORD).await);
}

#[actix_web::test]
async fn whoever_has_no_password_here_has_neither_of_both() {
    let app = TestApp::start().await;
    let member = app.guest().await;

    let body = json!({"current_password": "x", "new_password": NEW_PASSWORD});
    app.put("/v1/me/password").caller(&member).json(body).await.is_problem(404, "not_found");
    app.get("/v1/me/totp").caller(&member).await.is_problem(404, "not_found");
    app.post("/v1/me/totp").caller(&member).json(json!({"password": "x"})).await.is_problem(404, "not_found");
}

#[actix_web::test]
async fn with_a_second_factor_the_page_asks_for_a_code_that_is_good_once() {
    let app = TestApp::start().await;
    set_password(&app).await;
    let (person, _) = session(&app).await;
    let (secret, _) = enable_totp(&app, &person).await;
    assert_eq!(app.get("/v1/me/totp").caller(&person).await.expect(200)["is_enabled"], true);
    app.clock.advance(TimeDelta::seconds(30));
    let right = secret.code(step_at(app.clock.now()));
    assert_eq!(try_password(&app, "admin", "sai").await.status, 401);
    let asked = try_password(&app, "admin", PASSWORD).await;
    assert_eq!((asked.status, asked.header("location")), (200, None));
    let ticket = ticket_of(&asked);

    assert_eq!(try_code(&app, &ticket, "000000").await.status, 401);
    assert_eq!(try_code(&app, "made up", &right).await.status, 401);
    let signed_in = try_code(&app, &ticket, &right).await;
    let replayed = try_code(&app, &ticket, &right).await;

    exchange(&app, &code_of(&signed_in)).await.expect(200);
    assert_eq!(replayed.status, 401);
    app.clock.advance(TimeDelta::minutes(6));
    let late = secret.code(step_at(app.clock.now()));
    assert_eq!(try_code(&app, &ticket, &late).await.status, 401, "the ticket is too old");
}

/// What an authenticator shows later on, when the codes of now are used up.
fn next_code(app: &TestApp, secret: &TotpSecret) -> String {
    app.clock.advance(TimeDelta::seconds(30));
    secret.code(step_at(app.clock.now()))
}

#[actix_web::test]
async fn codes_that_strangers_try_use_up_none_of_the_owners() {
    let app = TestApp::start().await;
    set_password(&app).await;
    let (person, _) = session(&app).await;
    let (secret, _) = enable_totp(&app, &person).await;
    let ticket = ticket_of(&try_password(&app, "admin", PASSWORD).await);
    let cookie = cookie_of(&try_code(&app, &ticket, &next_code(&app, &secret)).await);
    for _ in 0..9 {
        assert_eq!(try_code(&app, &ticket, "000000").await.status, 401);
    }

    let stranger = try_code(&app, &ticket, &next_code(&app, &secret)).await;
    let owner = try_code_from(&app, &cookie, &ticket, &next_code(&app, &secret)).await;

    assert_eq!(stranger.status, 429);
    assert!(stranger.header("retry-after").unwrap().parse::<u64>().unwrap() > 60, "they come back slowly");
    code_of(&owner);
    let again = cookie_of(&owner);
    for _ in 0..9 {
        assert_eq!(try_code_from(&app, &again, &ticket, "000000").await.status, 401);
    }
    let late = try_code_from(&app, &cookie, &ticket, &next_code(&app, &secret)).await;
    assert_eq!(late.status, 429, "a device has a count of its own, and no more than that");
}

#[actix_web::test]
async fn whoever_knows_the_password_alone_has_ten_tries_at_a_code_however_they_come() {
    let app = TestApp::start().await;
    set_password(&app).await;
    // They signed in on devices of their own while the password was enough.
    let mut cookies = vec![String::new(), "thidua_device=made.up.proof".to_owned()];
    for _ in 0..3 {
        cookies.push(cookie_of(&try_password(&app, "admin", PASSWORD).await));
    }
    let (person, _) = session(&app).await;
    let (secret, _) = enable_totp(&app, &person).await;
    let mut tickets = Vec::new();
    for cookie in &cookies {
        let form = sign_in_form("admin", PASSWORD);
        tickets.push(ticket_of(&app.post("/oauth/authorize").header("Cookie", cookie).form(&form).await));
    }

    let mut statuses = Vec::new();
    for _ in 0..3 {
        for (cookie, ticket) in cookies.iter().zip(&tickets) {
            statuses.push(try_code_from(&app, cookie, ticket, "000000").await.status);
        }
    }

    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 10, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 5, "{statuses:?}");
    let right = next_code(&app, &secret);
    assert_eq!(try_code_from(&app, &cookies[2], &tickets[2], &right).await.status, 429);
}

#[actix_web::test]
async fn a_second_factor_that_is_turned_on_while_a_password_is_looked_at_is_asked_for() {
    let app = TestApp::start().await;
    set_password(&app).await;
    let (person, _) = session(&app).await;
    let begun = app.post("/v1/me/totp").caller(&person).json(json!({"password": PASSWORD})).await.expect(200);
    let secret = TotpSecret::from_base32(&text(&begun["secret"])).unwrap();
    let turns = [app.app.hashing.take().await.unwrap(), app.app.hashing.take().await.unwrap()];

    let confirm = async {
        while app.app.hashing.in_line() <= turns.len() {
            tokio::task::yield_now().await;
        }
        let body = json!({"code": secret.code(step_at(app.clock.now()))});
        app.post("/v1/me/totp/confirm").caller(&person).json(body).await.expect(200);
        drop(turns);
    };
    let (signing_in, ()) = futures_util::future::join(try_password(&app, "admin", PASSWORD), confirm).await;

    assert_eq!(signing_in.header("location"), None);
    code_of(&try_code(&app, &ticket_of(&signing_in), &next_code(&app, &secret)).await);
}

#[actix_web::test]
async fn a_recovery_code_signs_in_once() {
    let app = TestApp::start().await;
    set_password(&app).await;
    let (person, _) = session(&app).await;
    let (_, codes) = enable_totp(&app, &person).await;
    assert_eq!(codes.len(), 10);
    let ticket = ticket_of(&try_password(&app, "admin", PASSWORD).await);

    let first = try_code(&app, &ticket, &codes[0].to_uppercase()).await;
    let second = try_code(&app, &ticket, &codes[0]).await;

    code_of(&first);
    assert_eq!(second.status, 401);
    assert_eq!(app.get("/v1/me/totp").caller(&person).await.expect(200)["recovery_codes_left"], 9);
}

#[actix_web::test]
async fn a_second_factor_is_begun_and_given_up_with_the_password_alone() {
    let app = TestApp::start().await;
    set_password(&app).await;
    let (person, _) = session(&app).await;
    let wrong = json!({"password": "sai"});
    app.post("/v1/me/totp").caller(&person).json(wrong.clone()).await.has_faults(&[("/password", "wrong_password")]);
    enable_totp(&app, &person).await;
    let right = json!({"password": PASSWORD});
    app.post("/v1/me/totp").caller(&person).json(right.clone()).await.is_problem(409, "already_exists");

    app.delete("/v1/me/totp").caller(&person).json(wrong).await.has_faults(&[("/password", "wrong_password")]);
    app.delete("/v1/me/totp").caller(&person).json(right).await.expect(204);

    code_of(&try_password(&app, "admin", PASSWORD).await);
}

#[actix_web::test]
async fn an_account_that_is_disabled_ends_everywhere() {
    let app = TestApp::start().await;
    set_password(&app).await;
    let (person, token) = session(&app).await;
    app.another_admin("binh").await;
    let account = staff::find(app.app.db.reads(), "admin").await.unwrap().unwrap();

    let disable = async |tx: &thidua::db::Tx| staff::disable(tx, &account).await;
    app.app.change_as(Actor::system(), disable).await.unwrap();

    app.get("/v1/me").caller(&person).await.is_problem(401, "invalid_token");
    let body = json!({"refresh_token": token["refresh_token"]});
    app.post("/v1/auth/refresh").json(body).await.is_problem(401, "invalid_refresh_token");
    assert_eq!(try_password(&app, "admin", PASSWORD).await.status, 401);
}

async fn change_account(app: &TestApp, change: impl AsyncFnOnce(&Tx, &StaffAccount) -> Result<(), Problem>) {
    let account = staff::find_any(app.app.db.reads(), "admin").await.unwrap().unwrap();
    app.clock.advance(TimeDelta::seconds(1));
    app.app.change_as(Actor::system(), async |tx| change(tx, &account).await).await.unwrap();
}

#[actix_web::test]
async fn a_code_or_a_ticket_from_before_an_account_was_disabled_or_reset_is_of_no_more_use() {
    let app = TestApp::start().await;
    set_password(&app).await;
    let given = code(&app).await;
    app.another_admin("binh").await;
    change_account(&app, staff::disable).await;
    assert_eq!(exchange(&app, &given).await.expect(400)["error"], "invalid_grant");
    change_account(&app, staff::enable).await;
    assert_eq!(exchange(&app, &given).await.expect(400)["error"], "invalid_grant");

    let (person, _) = session(&app).await;
    let (_, codes) = enable_totp(&app, &person).await;
    let ticket = ticket_of(&try_password(&app, "admin", PASSWORD).await);
    change_account(&app, staff::disable).await;
    assert_eq!(try_code(&app, &ticket, &codes[0]).await.status, 401);
    change_account(&app, staff::enable).await;
    let hash = staff::hash(&app.app.hashing, NEW_PASSWORD.to_owned()).await.unwrap();
    change_account(&app, async |tx, account| staff::reset_password(tx, account, hash).await).await;
    assert_eq!(try_code(&app, &ticket, &codes[0]).await.status, 401);

    let ticket = ticket_of(&try_password(&app, "admin", NEW_PASSWORD).await);
    exchange(&app, &code_of(&try_code(&app, &ticket, &codes[0]).await)).await.expect(200);
}

#[actix_web::test]
async fn a_session_of_staff_is_not_renewed_while_the_account_is_disabled() {
    let app = TestApp::start().await;
    set_password(&app).await;
    let (_, token) = session(&app).await;
    app.execute("UPDATE staff_account SET disabled_at = created_at");

    let body = json!({"refresh_token": token["refresh_token"]});

    app.post("/v1/auth/refresh").json(body).await.is_problem(401, "invalid_refresh_token");
}

#[actix_web::test]
async fn a_queue_for_hashing_that_is_full_says_when_to_come_back() {
    let app = TestApp::start().await;
    let mut turns = Vec::new();
    for _ in 0..2 {
        turns.push(app.app.hashing.take().await.unwrap());
    }
    let names: Vec<String> = (0..33).map(|number| format!("user{number}")).collect();

    let answers = futures_util::future::join_all(names.iter().map(|name| try_password(&app, name, "x"))).await;

    let refused: Vec<_> = answers.iter().filter(|answer| answer.status == 503).collect();
    assert!(!refused.is_empty());
    for answer in refused {
        answer.is_problem(503, "unavailable");
        assert_eq!(answer.header("retry-after"), Some("5"));
    }
}
