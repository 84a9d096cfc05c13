//! What a stranger sends has a price that its size bounds, whatever its shape: long, many, repeated, deep, wide. Measured in a
//! server of its own by processor time and peak memory, not by the clock on the wall.

mod meter;
mod shapes;
mod target;

use reqwest::Method;
use uuid::Uuid;

use shapes::{BODY, Sent, bodies, filled, json, numbered, query};
use target::Target;

/// The longest address, in bytes; the head of a request has room for twice as much.
const ADDRESS: usize = 60 * 1024;

#[actix_web::test]
async fn a_body_of_any_shape_is_refused_for_what_its_size_allows() {
    let mut target = Target::start().await;
    let id = Uuid::now_v7();

    for (url, fields) in [
        ("/v1/campaigns".to_owned(), ["title", "body", "criteria", "targets", "audience/unit_ids"].as_slice()),
        (format!("/v1/campaigns/{id}/pledges"), &["statement", "commitments", "commitments/0/quantity"]),
        ("/v1/checkins/batch".to_owned(), &["items", "items/0/note", "items/0/quantity"]),
        (format!("/v1/units/{id}/split"), &["new_units", "new_units/0/member_ids"]),
        ("/v1/auth/zalo".to_owned(), &["access_token"]),
    ] {
        target.send_all(bodies(&url, fields)).await;
    }

    target.finish();
}

#[actix_web::test]
async fn a_form_of_any_shape_is_refused_for_what_its_size_allows() {
    let mut target = Target::start().await;
    for url in ["/oauth/token", "/oauth/revoke", "/oauth/authorize"] {
        for (name, body) in [
            ("a long name", filled(BODY, "", "x", "=1")),
            ("a long text", filled(BODY, "grant_type=", "x", "")),
            ("percents", filled(BODY, "grant_type=", "%41", "")),
            ("broken percents", filled(BODY, "grant_type=", "%", "")),
            ("many names", numbered(BODY, "", "#=1&", "")),
            ("many names in a little", numbered(16 * 1024, "", "#=&", "")),
            ("a repeated name", filled(BODY, "", "code=1&", "")),
            ("separators", filled(BODY, "", "&", "")),
        ] {
            let kind = "application/x-www-form-urlencoded";
            target.send_all(vec![Sent { kind, ..json(name, url, body) }]).await;
        }
    }

    target.finish();
}

#[actix_web::test]
async fn the_fields_of_a_form_with_a_file_are_refused_for_what_their_size_allows() {
    const FIELD: &str = "--b\r\nContent-Disposition: form-data; name=\"";
    let mut target = Target::start().await;
    for (name, body) in [
        ("a long name", filled(BODY, FIELD, "x", "\"\r\n\r\n1\r\n--b--\r\n")),
        ("a name of 60 kB", filled(60 * 1024, FIELD, "x", "\"\r\n\r\n1\r\n--b--\r\n")),
        ("many fields", numbered(BODY, "", &format!("{FIELD}#\"\r\n\r\n1\r\n"), "--b--\r\n")),
        ("a long text", filled(BODY, &format!("{FIELD}kind\"\r\n\r\n"), "x", "\r\n--b--\r\n")),
        ("many headers", numbered(BODY, FIELD, "x\"\r\nX-#: 1", "\r\n\r\n1\r\n--b--\r\n")),
        ("lines before it", filled(BODY, "", "\r\n", "--b--\r\n")),
        ("almost its boundaries", filled(BODY, &format!("{FIELD}kind\"\r\n\r\n"), "\r\n--", "\r\n--b--\r\n")),
        ("nothing but a boundary", filled(BODY, "", "--b\r\n", "--b--\r\n")),
    ] {
        target
            .send_all(vec![Sent { kind: "multipart/form-data; boundary=b", ..json(name, "/v1/imports", body) }])
            .await;
    }

    target.finish();
}

#[actix_web::test]
async fn an_event_of_any_shape_is_refused_for_what_its_size_allows() {
    let mut target = Target::start().await;
    // It may be anything, if it is signed: one that is larger than any is refused before it is read.
    let mut all = bodies("/v1/hooks/zalo/mini-app", &["event"]);
    let small = |name, piece, end| json(name, "/v1/hooks/zalo/mini-app", numbered(64 * 1024, "{", piece, end));
    all.extend([
        small("many names in 64 kB", "\"#\":0,", "\"z\":0}"),
        small("many objects in 64 kB", "\"#\":{},", "\"z\":0}"),
        small("many lists in 64 kB", "\"#\":[[],[],[]],", "\"z\":0}"),
    ]);
    target.send_all(all).await;

    target.finish();
}

#[actix_web::test]
async fn an_address_of_any_shape_is_refused_for_what_its_size_allows() {
    let mut target = Target::start().await;
    let mut all = Vec::new();
    for path in ["/v1/activities", "/v1/units", "/v1/me", "/v1/campaigns", "/oauth/authorize"] {
        all.extend([
            query("a long name", path, &filled(ADDRESS, "", "x", "=1")),
            query("a long text", path, &filled(ADDRESS, "q=", "x", "")),
            query("a long cursor", path, &filled(ADDRESS, "cursor=", "A", "")),
            query("a cursor of 900", path, &filled(900, "cursor=", "A", "")),
            query("a long number", path, &filled(ADDRESS, "limit=", "9", "")),
            query("marks upon marks", path, &filled(ADDRESS, "q=a", "%CC%81%CC%A3", "")),
            query("broken percents", path, &filled(ADDRESS, "", "%FF&", "")),
            query("many names", path, &numbered(ADDRESS, "", "#&", "")),
            query("many long names", path, &numbered(ADDRESS, "", &format!("#{}&", "x".repeat(300)), "")),
            query(
                "many names of quotation marks",
                path,
                &numbered(ADDRESS, "", &format!("#{}&", "%22".repeat(150)), ""),
            ),
            query("a repeated name", path, &filled(ADDRESS, "", "q=1&", "")),
            query("separators", path, &filled(ADDRESS, "", "&", "z")),
        ]);
    }
    for begin in ["/", "/v1/units/", "/v1/campaigns/", "/a/", "/v1/hooks/", "/swagger-ui/"] {
        all.extend([
            query("a long path", &filled(ADDRESS, begin, "x", ""), ""),
            query("a path of many parts", &filled(ADDRESS, begin, "x/", ""), ""),
            query("a path of percents", &filled(ADDRESS, begin, "%2F", ""), ""),
        ]);
    }
    // Some of them are lenient, and public.
    let is_refused = |sent: &Sent| !sent.url.starts_with("/oauth/authorize");
    target.send_all(all.into_iter().filter(is_refused).collect()).await;

    target.finish();
}

#[actix_web::test]
async fn a_header_of_any_shape_costs_what_its_size_allows() {
    let mut target = Target::start().await;
    for (name, value) in [
        ("Accept", filled(ADDRESS, "", "a/b,", "x/y")),
        ("Accept", filled(ADDRESS, "application/json", ";q=0.5", "")),
        ("Accept-Language", filled(ADDRESS, "", "en,", "vi")),
        ("Accept-Encoding", filled(ADDRESS, "", "gzip,", "br")),
        ("Accept-Encoding", numbered(ADDRESS, "", "x#;q=0.#,", "br")),
        ("If-None-Match", filled(ADDRESS, "", "\"a\",", "\"b\"")),
        ("If-Match", filled(ADDRESS, "", "\"1-a\",", "\"b\"")),
        ("Cookie", filled(ADDRESS, "", "a=1;", "b=2")),
        ("Authorization", filled(ADDRESS, "Bearer ", "x", "")),
        ("Authorization", filled(ADDRESS, "Bearer e30.", "eyJ", ".x")),
        ("Authorization", filled(ADDRESS, "Basic ", "QUFB", "")),
        ("X-Forwarded-For", filled(ADDRESS, "", "1.2.3.4,", "5.6.7.8")),
        ("X-Request-Id", filled(ADDRESS, "", "x", "")),
        ("Idempotency-Key", filled(ADDRESS, "", "x", "")),
        ("Origin", filled(ADDRESS, "https://", "x", "")),
        ("Access-Control-Request-Headers", numbered(ADDRESS, "", "x-#,", "x")),
        ("Content-Encoding", filled(ADDRESS, "", "identity,", "identity")),
    ] {
        for (method, path, body) in [
            (Method::GET, "/v1/activities?no_such_parameter=1", ""),
            (Method::GET, "/v1/units?no_such_parameter=1", ""),
            (Method::POST, "/v1/units", "{\"no_such_field\":1}"),
            (Method::OPTIONS, "/v1/units?no_such_parameter=1", ""),
        ] {
            let header = Some((name, value.clone()));
            let name = format!("{method} {path} {name}: {}", value.chars().take(30).collect::<String>());
            let kind = if body.is_empty() { "" } else { "application/json" };
            let sent = Sent { name, method, url: path.to_owned(), kind, header, body: body.as_bytes().to_vec() };
            target.send_all(vec![sent]).await;
        }
    }

    target.finish();
}
