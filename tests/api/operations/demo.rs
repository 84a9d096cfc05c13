//! `thidua demo`, from outside.

use std::{
    collections::BTreeMap,
    fs,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::command::{Place, Running, client, complaint, out};

fn credentials(place: &Place) -> Value {
    serde_json::from_slice(&fs::read(place.data.path().join("demo-credentials.json")).unwrap()).unwrap()
}

fn start(place: &Place) -> Running {
    place.start(&["demo", "--listen", "127.0.0.1:0"])
}

async fn get(url: &str, path: &str, token: &Value) -> Value {
    let answer = client().get(format!("{url}{path}")).bearer_auth(token.as_str().unwrap()).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}: {}", answer.text().await.unwrap());
    answer.json().await.unwrap()
}

/// Every field with the names of those in it.
fn shape(value: &Value) -> BTreeMap<String, Vec<String>> {
    let names = |value: &Value| value.as_object().map(|fields| fields.keys().cloned().collect()).unwrap_or_default();
    value.as_object().unwrap().iter().map(|(name, value)| (name.clone(), names(value))).collect()
}

#[actix_web::test]
async fn the_credentials_open_what_they_name() {
    let place = Place::empty().await;
    let demo = start(&place);
    let given = credentials(&place);
    let (tokens, ids) = (&given["tokens"], &given["ids"]);

    let expected = json!({
        "base_url": "", "zalo_url": "", "staff": {"password": 0, "username": 0},
        "tokens": {"admin": 0, "editor": 0, "guest": 0, "member": 0, "other_member": 0, "unit_manager": 0},
        "app": {"client_id": 0, "client_secret": 0}, "zalo_access_tokens": [],
        "ids": {"activity": 0, "campaign": 0, "other_unit": 0, "target": 0, "unit": 0},
    });
    assert_eq!(shape(&given), shape(&expected));
    assert_eq!(given["base_url"], demo.url);
    let roles = ["admin", "editor", "unit_manager", "member", "guest"];
    for role in roles {
        assert_eq!(get(&demo.url, "/v1/me", &tokens[role]).await["role"], role);
    }
    assert_eq!(get(&demo.url, "/v1/me", &tokens["member"]).await["home_unit_id"], ids["unit"]);
    assert_eq!(get(&demo.url, "/v1/me", &tokens["unit_manager"]).await["home_unit_id"], ids["unit"]);
    assert_eq!(get(&demo.url, "/v1/me", &tokens["other_member"]).await["home_unit_id"], ids["other_unit"]);
    for member in ["member", "other_member"] {
        let path = format!("/v1/campaigns/{}", ids["campaign"].as_str().unwrap());
        let campaign = get(&demo.url, &path, &tokens[member]).await;
        assert_eq!(campaign["status"], "launched");
        assert!(campaign["targets"].as_array().unwrap().iter().any(|target| target["id"] == ids["target"]));
    }
}

#[actix_web::test]
async fn a_limit_that_somebody_set_is_kept_and_the_others_are_raised() {
    let place = Place::empty().await;
    let arguments = ["demo", "--listen", "127.0.0.1:0"];
    let demo = place.start_with(&arguments, "THIDUA_RATE_LIMIT__PER_MEMBER", "7");
    let token = credentials(&place)["tokens"]["member"].as_str().unwrap().to_owned();
    let policy = async |request: reqwest::RequestBuilder| {
        request.send().await.unwrap().headers()["ratelimit-policy"].to_str().unwrap().to_owned()
    };

    let member = policy(client().get(format!("{}/v1/me", demo.url)).bearer_auth(token)).await;
    let stranger = policy(client().get(format!("{}/v1/activities", demo.url))).await;

    assert_eq!(member, "\"member\";q=7;w=60");
    assert_eq!(stranger, format!("\"address\";q={};w=60", u32::MAX));
}

#[actix_web::test]
async fn everybody_on_zalo_is_another_person_and_signs_in() {
    let place = Place::empty().await;
    let demo = start(&place);
    let given = credentials(&place);
    let sign_in = async |body: Value| -> Value {
        let answer = client().post(format!("{}/v1/auth/zalo", demo.url)).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    };

    let mut people = Vec::new();
    for token in given["zalo_access_tokens"].as_array().unwrap() {
        people.push(sign_in(json!({"access_token": token})).await["member"]["id"].to_string());
    }

    people.sort();
    people.dedup();
    assert_eq!(people.len(), given["zalo_access_tokens"].as_array().unwrap().len());
}

#[actix_web::test]
async fn a_phone_code_finds_the_imported_member() {
    let place = Place::empty().await;
    let demo = start(&place);
    let given = credentials(&place);
    let token = given["zalo_access_tokens"][1].as_str().unwrap();
    let codes = format!("{}/codes?access_token={token}", given["zalo_url"].as_str().unwrap());
    let codes: Value = client().get(codes).send().await.unwrap().json().await.unwrap();

    let body = json!({"access_token": token, "phone_code": codes["phone_code"]});
    let answer = client().post(format!("{}/v1/auth/zalo", demo.url)).json(&body).send().await.unwrap();

    let member: Value = answer.json().await.unwrap();
    assert_eq!(member["member"]["home_unit_id"], given["ids"]["unit"], "{member}");
}

#[actix_web::test]
async fn started_again_it_goes_on_with_what_it_has() {
    let place = Place::empty().await;
    let demo = start(&place);
    let first = credentials(&place);
    let me = get(&demo.url, "/v1/me", &first["tokens"]["member"]).await;
    assert_eq!(demo.stop(), Some(0));

    let again = start(&place);

    let second = credentials(&place);
    assert_eq!(first["ids"], second["ids"]);
    assert_ne!(first["tokens"]["member"], second["tokens"]["member"]);
    assert_eq!(get(&again.url, "/v1/me", &second["tokens"]["member"]).await, me);
}

#[actix_web::test]
async fn its_figures_are_what_its_ledger_says_and_it_empties_no_database_that_was_named() {
    let place = Place::empty().await;
    assert_eq!(start(&place).stop(), Some(0));

    let verified = place.run(&["recount", "--verify"]);
    let refused = place.run(&["demo", "--listen", "127.0.0.1:0", "--fresh"]);

    assert_eq!(verified.status.code(), Some(0), "{}{}", out(&verified), complaint(&verified));
    assert_eq!(refused.status.code(), Some(1));
    assert!(complaint(&refused).contains("--fresh"), "{}", complaint(&refused));
}

#[actix_web::test]
async fn the_member_is_told_in_the_inbox_and_on_zalo() {
    let place = Place::empty().await;
    let demo = start(&place);
    let given = credentials(&place);

    let inbox = until(async || {
        let inbox = get(&demo.url, "/v1/notifications", &given["tokens"]["member"]).await;
        Some(inbox["items"].as_array()?.clone()).filter(|items| !items.is_empty())
    })
    .await;
    let sent = until(async || {
        let sent = client().get(format!("{}/sent", given["zalo_url"].as_str().unwrap())).send().await.unwrap();
        Some(sent.json::<Vec<Value>>().await.unwrap()).filter(|sent| !sent.is_empty())
    })
    .await;

    assert!(inbox[0]["title"].as_str().is_some_and(|title| !title.is_empty()), "{inbox:?}");
    assert_eq!(sent[0]["kind"], "consultation");
}

/// Asks again and again, for a minute at most: the relay of another process is to get to it.
async fn until<T>(ask: impl AsyncFn() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < end, "it never happened");
        actix_web::rt::time::sleep(Duration::from_millis(50)).await;
    }
}
