//! Bearer tokens: which are refused, and what trying them costs.

use actix_web::http::Method;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ed25519_dalek::{Signer as _, SigningKey};
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};
use thidua::{
    entity::signing_key,
    kit::secrets::{DatedKey, KeyRing, Signer, jwt::ACCESS_TOKEN_LIFE, vault::mac},
};
use uuid::Uuid;

use crate::harness::{Answer, Person, TestApp, text};

async fn me(app: &TestApp, token: &str) -> Answer {
    app.get("/v1/me").header("Authorization", &format!("Bearer {token}")).await
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[actix_web::test]
async fn every_token_that_is_not_ours_is_a_401_on_every_replica() {
    let app = TestApp::start().await;
    let replica = app.replica_server().await;
    let now = app.clock.now();
    let (good, issuer) = (app.admin.token.clone(), app.app.config.public_url());
    let (header, rest) = good.split_once('.').unwrap();
    let (claims, signature) = rest.split_once('.').unwrap();
    let kid = KeyRing::kid_of(&good).unwrap();
    let jwks = app.get("/.well-known/jwks.json").await.expect(200);
    let public = URL_SAFE_NO_PAD.decode(text(&jwks["keys"][0]["x"])).unwrap();
    let hs256 = {
        let head = part(&json!({"alg": "HS256", "typ": "at+jwt", "kid": kid}));
        let signed = mac(&public.try_into().unwrap(), format!("{head}.{claims}").as_bytes());
        format!("{head}.{claims}.{}", URL_SAFE_NO_PAD.encode(signed))
    };
    let foreign = |issuer: &str| {
        let key = DatedKey { signer: Signer::generate().unwrap(), signs_from: now, verifies_until: None };
        let sub = app.admin.id.parse().unwrap();
        KeyRing::new(issuer, [key], now).sign(now, ACCESS_TOKEN_LIFE, sub, "x", Some(Uuid::now_v7()), None).unwrap()
    };
    let stranger = URL_SAFE_NO_PAD.decode(claims).unwrap();
    let mut promoted: Value = serde_json::from_slice(&stranger).unwrap();
    promoted["sub"] = json!(Uuid::now_v7());
    let forgeries = [
        ("nothing at all", String::new()),
        ("no JWT", "not.a.jwt".to_owned()),
        ("alg none", format!("{}.{claims}.", part(&json!({"alg": "none", "typ": "at+jwt", "kid": kid})))),
        (
            "alg none with its signature",
            format!("{}.{claims}.{signature}", part(&json!({"alg": "none", "typ": "at+jwt", "kid": kid}))),
        ),
        (
            "another kid",
            format!("{}.{claims}.{signature}", part(&json!({"alg": "EdDSA", "typ": "at+jwt", "kid": "x"}))),
        ),
        ("no kid", format!("{}.{claims}.{signature}", part(&json!({"alg": "EdDSA", "typ": "at+jwt"})))),
        ("another type", format!("{}.{claims}.{signature}", part(&json!({"alg": "EdDSA", "typ": "JWT", "kid": kid})))),
        ("HS256 with the public key", hs256),
        ("other claims", format!("{header}.{}.{signature}", part(&promoted))),
        ("no signature", format!("{header}.{claims}.")),
        ("another key", foreign(&issuer)),
        ("another issuer", foreign("https://elsewhere.example")),
    ];
    for (what, token) in forgeries {
        me(&app, &token).await.is_problem(401, "invalid_token");
        let answer = app.get("/v1/me").header("Authorization", &format!("Bearer {token}")).via(&replica).await;
        answer.is_problem(401, "invalid_token");
        assert!(answer.header("www-authenticate").unwrap().contains("invalid_token"), "{what}");
    }
    me(&app, &good).await.expect(200);
    app.clock.advance(chrono::TimeDelta::minutes(15));
    me(&app, &good).await.is_problem(401, "invalid_token");
}

/// The server's own key, to sign with what the server would not.
async fn own_key(app: &TestApp) -> SigningKey {
    let row = signing_key::Entity::find().one(app.app.db.reads()).await.unwrap().unwrap();
    let seed = app.app.vault.open("signing_key.private", &row.private_cipher).unwrap();
    SigningKey::from_bytes(&STANDARD.decode(seed).unwrap().try_into().unwrap())
}

#[actix_web::test]
async fn a_token_that_is_rightly_signed_and_says_something_wrong_is_a_401_on_every_replica() {
    let app = TestApp::start().await;
    let replica = app.replica_server().await;
    let key = own_key(&app).await;
    let good = app.admin.token.clone();
    let mut parts = good.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
    let header: Value = serde_json::from_slice(&parts.next().unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&parts.next().unwrap()).unwrap();
    let signed = |header: &Value, claims: &Value| {
        let text = format!("{}.{}", part(header), part(claims));
        let signature = key.sign(text.as_bytes()).to_bytes();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    };
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        signed(&header, &claims)
    };
    let without = |name: &str| {
        let mut claims = claims.clone();
        claims.as_object_mut().unwrap().remove(name).unwrap();
        signed(&header, &claims)
    };
    let typed = |kind: Value| {
        let mut header = header.clone();
        header["typ"] = kind;
        signed(&header, &claims)
    };
    let text_of = |name: &str| json!(claims[name].to_string());
    me(&app, &signed(&header, &claims)).await.expect(200);
    let wrong = [
        ("an end that is text", with("exp", text_of("exp"))),
        ("an end that is a fraction", with("exp", json!(1e300))),
        ("an end that is null", with("exp", Value::Null)),
        ("no end", without("exp")),
        ("an end in the past", with("exp", json!(app.clock.now().timestamp()))),
        ("a beginning that is text", with("iat", text_of("iat"))),
        ("a subject that is a number", with("sub", json!(7))),
        ("a subject that is no id", with("sub", json!("admin"))),
        ("a subject that is a list", with("sub", json!([claims["sub"]]))),
        ("no subject", without("sub")),
        ("a session that is a number", with("sid", json!(7))),
        ("no session", without("sid")),
        ("another session", with("sid", json!(Uuid::now_v7()))),
        ("another issuer", with("iss", json!("https://elsewhere.example"))),
        ("no issuer", without("iss")),
        ("another audience", with("aud", json!("https://elsewhere.example"))),
        ("no audience", without("aud")),
        ("another type", typed(json!("JWT"))),
        ("an ID token's type", typed(json!("id_token"))),
        ("no type", typed(Value::Null)),
        ("claims that are a list", signed(&header, &json!([claims]))),
        ("claims that are text", signed(&header, &json!("claims"))),
    ];
    for (what, token) in wrong {
        for answer in [
            me(&app, &token).await,
            app.get("/v1/me").header("Authorization", &format!("Bearer {token}")).via(&replica).await,
        ] {
            assert_eq!((answer.status, &answer.json()["code"]), (401, &json!("invalid_token")), "{what}");
        }
    }
    me(&app, &good).await.expect(200);
}

#[actix_web::test]
async fn whoever_tries_tokens_is_counted_and_told_so() {
    let app = TestApp::start_with(|config| config.rate_limit.per_address = 2.try_into().unwrap()).await;

    let first = me(&app, "made-up").await;
    first.is_problem(401, "invalid_token");
    assert!(first.header("ratelimit").unwrap().starts_with("\"address\";r=1"), "{:?}", first.header("ratelimit"));
    me(&app, "made-up").await.is_problem(401, "invalid_token");
    let third = me(&app, "made-up").await;

    third.is_problem(429, "too_many_requests");
    assert!(third.header("retry-after").is_some());
    assert!(third.header("ratelimit-policy").unwrap().contains("q=2"));
    app.request(Method::GET, "/v1/me").caller(&app.admin).await.expect(200);
}

#[actix_web::test]
async fn made_up_key_ids_do_not_each_ask_the_database() {
    let app = TestApp::start().await;
    let loaded = |app: &TestApp| app.app.keys().loaded_at();
    let with_kid = |kid: &str| {
        let head = part(&json!({"alg": "EdDSA", "typ": "at+jwt", "kid": kid}));
        Person { id: String::new(), token: format!("{head}.e30.c2ln") }
    };
    app.clock.advance(chrono::TimeDelta::seconds(1));
    app.get("/v1/me").caller(&with_kid("one")).await.is_problem(401, "invalid_token");
    let first = loaded(&app);
    assert_eq!(first, app.clock.now());

    app.clock.advance(chrono::TimeDelta::seconds(1));
    app.get("/v1/me").caller(&with_kid("two")).await.is_problem(401, "invalid_token");
    assert_eq!(loaded(&app), first);

    app.clock.advance(chrono::TimeDelta::seconds(3));
    app.get("/v1/me").caller(&with_kid("three")).await.is_problem(401, "invalid_token");
    assert_eq!(loaded(&app), app.clock.now());
}
