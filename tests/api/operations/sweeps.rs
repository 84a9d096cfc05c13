//! Sweeps over the OpenAPI document: what holds for every operation, so that nobody has to remember to test it.

use std::path::Path;

use actix_web::http::Method;
use serde_json::{Value, json};
use thidua::{kit::http::CallerKind, openapi};

use super::rights::world::World;
use crate::harness::{Answer, Request, TestApp};

struct Operation {
    id: String,
    method: Method,
    path: String,
    raw: Value,
}

fn operations() -> Vec<Operation> {
    openapi::operations(&openapi::document())
        .map(|(path, method, operation)| Operation {
            id: operation["operationId"].as_str().unwrap().to_owned(),
            method: method.to_uppercase().parse().unwrap(),
            path: path.clone(),
            raw: operation.clone(),
        })
        .collect()
}

impl Operation {
    /// The address with ids that nothing has.
    fn url(&self) -> String {
        let mut url = String::new();
        for part in self.path.split_inclusive(['{', '}']) {
            match part.strip_suffix('}') {
                Some(_) => url.push_str(&uuid::Uuid::now_v7().to_string()),
                None => url.push_str(part.trim_end_matches('{')),
            }
        }
        url
    }

    fn is_public(&self) -> bool {
        self.raw["security"].as_array().unwrap().iter().all(|one| one == &json!({}))
    }

    fn has_json_body(&self) -> bool {
        let content = &self.raw["requestBody"]["content"];
        content.get("application/json").is_some() || content.get("application/merge-patch+json").is_some()
    }

    fn send(&self, app: &TestApp) -> Request {
        app.request(self.method.clone(), self.url())
    }
}

#[actix_web::test]
async fn every_operation_without_a_token_is_a_401_unless_it_is_public() {
    let app = TestApp::start().await;
    let mut public = Vec::new();
    for operation in operations() {
        if operation.is_public() {
            public.push(operation.id);
            continue;
        }
        let answer = operation.send(&app).json(json!({})).await;
        assert_eq!(answer.status, 401, "{}", operation.id);
        answer.is_problem(401, "unauthorized");
        assert!(answer.header("www-authenticate").is_some());
    }
    public.sort();
    assert_eq!(
        public,
        [
            "create_token",
            "explain_problem",
            "find_activity",
            "find_authorization_server",
            "find_avatar",
            "find_health",
            "find_readiness",
            "list_activities",
            "list_keys",
            "receive_mini_app_event",
            "refresh_session",
            "revoke_token",
            "show_sign_in",
            "sign_in",
            "sign_in_with_zalo",
        ]
    );
}

#[actix_web::test]
async fn every_wrong_verb_is_a_405_that_names_the_right_ones() {
    let app = TestApp::start().await;
    for operation in operations() {
        let answer = app.request(Method::TRACE, operation.url()).await;
        answer.is_problem(405, "method_not_allowed");
        assert!(answer.header("allow").unwrap().contains(operation.method.as_str()), "{}", operation.id);
    }
}

#[actix_web::test]
async fn every_unknown_field_is_a_422_with_its_pointer() {
    let app = TestApp::start().await;
    // What providers send is theirs to shape.
    let is_asked = |operation: &Operation| operation.has_json_body() && !operation.path.starts_with("/v1/hooks/");
    for operation in operations().into_iter().filter(is_asked) {
        let answer = operation.send(&app).caller(&app.admin).json(json!({"no_such_field": 1})).await;
        let problem = answer.is_problem(422, "invalid_input");
        let errors = problem["errors"].as_array().unwrap();
        let is_named =
            errors.iter().any(|error| error["pointer"] == "/no_such_field" && error["code"] == "unknown_field");
        assert!(is_named, "{}: {problem}", operation.id);
    }
}

#[actix_web::test]
async fn every_caller_is_known_before_a_body_is_read() {
    let app = TestApp::start().await;
    let is_asked = |operation: &Operation| operation.has_json_body() && !operation.is_public();
    for operation in operations().into_iter().filter(is_asked) {
        let answer = operation.send(&app).body("application/json", "no JSON").await;
        assert_eq!(answer.status, 401, "{}", operation.id);
    }
}

#[actix_web::test]
async fn every_body_in_a_coding_is_a_415_whoever_sends_it() {
    let app = TestApp::start().await;
    for operation in operations().into_iter().filter(|operation| operation.raw.get("requestBody").is_some()) {
        let content = operation.raw["requestBody"]["content"].as_object().unwrap();
        for kind in content.keys().map(|kind| kind.replace('*', "png")) {
            for caller in [None, Some(&app.admin)] {
                let request = operation.send(&app).header("Content-Encoding", "zstd").bytes(&kind, ZSTD.to_vec());
                let answer = caller.into_iter().fold(request, Request::caller).await;
                answer.is_problem(415, "unsupported_coding");
                assert_eq!(answer.header("accept-encoding"), Some("identity"), "{} {kind}", operation.id);
            }
        }
        assert!(operation.raw["responses"].get("415").is_some(), "{} does not say so", operation.id);
    }
}

/// The beginning of a frame of Zstandard (RFC 8878, 3.1.1).
const ZSTD: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

/// A field of a body that its schema lets be null.
fn may_be_null(property: &Value) -> bool {
    let is_null = |schema: &Value| {
        schema["type"] == "null"
            || schema["type"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "null"))
    };
    let branches = ["oneOf", "anyOf"].into_iter().flat_map(|name| property[name].as_array().into_iter().flatten());
    is_null(property) || branches.into_iter().any(is_null)
}

#[actix_web::test]
async fn every_null_of_a_patch_that_clears_nothing_is_a_422_with_its_pointer() {
    let app = TestApp::start().await;
    let document = openapi::document();
    let mut tried = 0;
    for operation in operations().into_iter().filter(|operation| operation.method == Method::PATCH) {
        let schema = &operation.raw["requestBody"]["content"]["application/merge-patch+json"]["schema"]["$ref"];
        let schema = document.pointer(schema.as_str().unwrap().trim_start_matches('#')).unwrap();
        for (name, _) in schema["properties"].as_object().unwrap().iter().filter(|(_, field)| !may_be_null(field)) {
            let answer = operation.send(&app).caller(&app.admin).json(json!({name: null})).await;
            let problem = answer.is_problem(422, "invalid_input");
            let is_its = |fault: &Value| fault["pointer"] == format!("/{name}") && fault["code"] == "wrong_type";
            assert!(problem["errors"].as_array().unwrap().iter().any(is_its), "{} {name}: {problem}", operation.id);
            tried += 1;
        }
    }
    assert!(tried > 15, "{tried}");
}

/// The fields of all patches, with what stands above each in the sources.
fn fields_of_patches(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(fields_of_patches(&path));
        } else if path.file_name().is_some_and(|name| name == "wire.rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let structs = text.split("pub struct ").skip(1).filter_map(|rest| rest.split_once(" {\n"));
            for (patch, rest) in structs.filter(|(name, _)| name.ends_with("Patch")) {
                let (fields, _) = rest.split_once("\n}").unwrap();
                let mut attributes = String::new();
                for line in fields.lines() {
                    match line.trim().strip_prefix("pub ").and_then(|field| field.split_once(':')) {
                        Some((name, _)) => {
                            found.push((format!("{patch}.{name}"), std::mem::take(&mut attributes)));
                        }
                        None => attributes += line,
                    }
                }
            }
        }
    }
    found
}

#[test]
fn every_null_that_a_patch_takes_is_told_from_a_field_that_is_absent() {
    let fields = fields_of_patches(Path::new("src"));

    assert!(fields.len() > 40, "{}", fields.len());
    for (name, attributes) in fields {
        let is_told = attributes.contains("deserialize_with = \"given");
        let is_refused = attributes.contains("nullable = false");
        assert!(is_told != is_refused, "{name} takes null, but passes over it: {attributes}");
    }
}

/// These pass over what they do not know: OAuth says so (RFC 6749, 3.1 and 3.2), and what providers add to the addresses of
/// their events is theirs.
const LENIENT: [&str; 5] = ["create_token", "receive_mini_app_event", "revoke_token", "show_sign_in", "sign_in"];

#[actix_web::test]
async fn every_unknown_parameter_is_a_422_that_names_it() {
    let app = TestApp::start().await;
    let mut lenient = Vec::new();
    for operation in operations() {
        let url = format!("{}?khong_co=1", operation.url());
        let answer = app.request(operation.method.clone(), url).caller(&app.admin).await;
        if answer.status == 422 {
            let faults = &answer.is_problem(422, "invalid_input")["errors"];
            let named = (&faults[0]["parameter"], &faults[0]["code"]);
            assert_eq!(named, (&json!("khong_co"), &json!("unknown_field")), "{}: {faults}", operation.id);
            assert!(operation.raw["responses"].get("422").is_some(), "{} does not say so", operation.id);
        } else {
            lenient.push(operation.id);
        }
    }
    lenient.sort();
    assert_eq!(lenient, LENIENT);
}

#[actix_web::test]
async fn every_parameter_is_given_once_and_in_utf_8() {
    let app = TestApp::start().await;
    for operation in operations().into_iter().filter(|operation| !LENIENT.contains(&operation.id.as_str())) {
        let ask = |query: &str| {
            let url = format!("{}?{query}", operation.url());
            app.request(operation.method.clone(), url).caller(&app.admin)
        };
        let parameters = operation.raw["parameters"].as_array().into_iter().flatten();
        for parameter in parameters.filter(|one| one["in"] == "query") {
            let name = parameter["name"].as_str().unwrap();
            let problem = ask(&format!("{name}=1&{name}=1")).await.is_problem(422, "invalid_input");
            let fault = json!({"parameter": name, "code": "duplicate", "detail": "Bị lặp lại."});
            assert!(problem["errors"].as_array().unwrap().contains(&fault), "{} {name}: {problem}", operation.id);
        }
        for broken in ["cot=%FF", "cot=%4", "cot=%zz"] {
            ask(broken).await.has_faults(&[("cot", "bad_encoding")]);
        }
    }
}

/// Optional texts on one line that are as good as absent when they are empty.
const MAY_BE_EMPTY: [&str; 4] = ["place", "slogan", "phone_code", "location_code"];
/// Not free text: each is checked against what there is.
const CHECKED_OTHERWISE: [&str; 2] = ["allowed_origins/0", "scopes/0"];

/// Where in a body of this schema there are texts of people, with their schemas.
fn texts_in(schema: &Value, schemas: &Value, place: &str) -> Vec<(String, Value)> {
    let inside = |schema: &Value, name: &str| texts_in(schema, schemas, &format!("{place}/{name}"));
    if let Some(reference) = schema["$ref"].as_str() {
        return texts_in(&schemas[reference.rsplit('/').next().unwrap()], schemas, place);
    }
    let branches =
        ["oneOf", "anyOf", "allOf"].into_iter().flat_map(|name| schema[name].as_array().into_iter().flatten());
    let mut found: Vec<_> = branches.flat_map(|branch| texts_in(branch, schemas, place)).collect();
    let fields = schema["properties"].as_object().into_iter().flatten();
    found.extend(fields.flat_map(|(name, schema)| inside(schema, name)));
    found.extend(schema.get("items").into_iter().flat_map(|items| inside(items, "0")));
    let is_text = schema["type"] == "string" || schema["type"] == json!(["string", "null"]);
    if is_text && ["format", "pattern", "enum", "const"].iter().all(|bound| schema.get(bound).is_none()) {
        found.push((place.to_owned(), schema.clone()));
    }
    found
}

/// A body that has this value at that place, and nothing else.
fn body_with(place: &str, value: Value) -> Value {
    place.split('/').skip(1).collect::<Vec<_>>().into_iter().rev().fold(value, |inner, name| match name {
        "0" => json!([inner]),
        name => json!({name: inner}),
    })
}

#[actix_web::test]
async fn every_text_that_has_nothing_to_see_is_a_422_with_its_pointer() {
    let app = TestApp::start().await;
    let document = openapi::document();
    let schemas = &document["components"]["schemas"];
    let mut tried = 0;
    for operation in operations().into_iter().filter(Operation::has_json_body) {
        let schema = &operation.raw["requestBody"]["content"]["application/json"]["schema"];
        for (place, schema) in texts_in(schema, schemas, "") {
            let is_named = |names: &[&str]| names.iter().any(|name| place.ends_with(&format!("/{name}")));
            let is_one_line = schema.get("contentMediaType").is_none();
            if is_named(&CHECKED_OTHERWISE) || (is_named(&MAY_BE_EMPTY) && is_one_line) {
                continue;
            }
            if !is_one_line && schema.get("minLength").is_none() {
                continue;
            }
            for blank in ["", " \u{A0}\u{3000}\t", "\r\n", "\u{200B}\u{2060}\u{FEFF}", "\u{202E}\u{2067}", "\u{301}"] {
                let body = body_with(&place, json!(blank));
                let problem = operation.send(&app).caller(&app.admin).json(body).await.is_problem(422, "invalid_input");
                let faults = problem["errors"].as_array().unwrap();
                let is_told =
                    faults.iter().any(|fault| fault["pointer"] == place.as_str() && fault["code"] == "too_short");
                assert!(is_told, "{} {place} {blank:?}: {problem}", operation.id);
                tried += 1;
            }
        }
    }
    assert!(tried > 100, "{tried}");
}

#[actix_web::test]
async fn every_id_of_ones_own_making_is_any_uuid_but_nil_and_max() {
    let app = TestApp::start().await;
    let document = openapi::document();
    let mut tried = 0;
    for operation in
        operations().into_iter().filter(|operation| operation.has_json_body() && operation.method == "POST")
    {
        let schema = &operation.raw["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        let Some(name) = schema.as_str().and_then(|reference| reference.rsplit('/').next()) else { continue };
        let Some(id) = document["components"]["schemas"][name]["properties"].get("id") else { continue };
        assert!(id.to_string().contains("(RFC 9562) but nil and max"), "{name}: {id}");
        for (id, is_taken) in [
            ("00000000-0000-0000-0000-000000000000", false),
            ("ffffffff-ffff-ffff-ffff-ffffffffffff", false),
            ("3d813cbb-47fb-42ba-91df-831e1593ac29", true),
            ("C232AB00-9414-11EC-B3C8-9F6BDECED846", true),
        ] {
            let body = json!({"id": id, "no_such_field": 1});
            let problem = operation.send(&app).caller(&app.admin).json(body).await.is_problem(422, "invalid_input");
            let is_refused = problem["errors"].as_array().unwrap().iter().any(|fault| fault["pointer"] == "/id");
            assert_eq!(is_refused, !is_taken, "{} {id}: {problem}", operation.id);
        }
        tried += 1;
    }
    assert!(tried >= 9, "{tried}");
}

#[actix_web::test]
async fn every_unknown_id_is_a_404() {
    let app = TestApp::start().await;
    // With a body or query of its own these would say first what is wrong with it.
    let is_plain = |operation: &Operation| {
        operation.path.contains('{') && (!operation.has_json_body() || takes_nothing(operation))
    };
    for operation in operations().into_iter().filter(is_plain) {
        let request = operation.send(&app).caller(&app.admin);
        let answer: Answer = if operation.has_json_body() { request.json(json!({})).await } else { request.await };
        assert_eq!(answer.status, 404, "{}: {}", operation.id, answer.text());
        answer.is_problem(404, "not_found");
    }
}

fn takes_nothing(operation: &Operation) -> bool {
    operation.raw["requestBody"]["content"]["application/json"]["schema"]["$ref"] == "#/components/schemas/NoFields"
}

#[actix_web::test]
async fn every_list_obeys_limit_and_cursor() {
    let mut world = World::make().await;
    let is_list = |operation: &Operation| operation.raw["responses"]["200"].to_string().contains("Listed_");
    let mut tried = 0;
    for operation in operations().into_iter().filter(is_list) {
        let url = world.call(&operation.id, &operation.path).await.url;
        let mut ask = async |query: &str| {
            let look = world.look(format!("{url}{query}"));
            world.send("GET", &look, CallerKind::Admin, None).await
        };

        let page = ask("?limit=1").await.expect(200);

        assert!(page["items"].as_array().unwrap().len() <= 1, "{}", operation.id);
        assert!(page.as_object().unwrap().contains_key("next_cursor"), "{}", operation.id);
        ask("?limit=0").await.has_faults(&[("limit", "out_of_range")]);
        ask("?limit=101").await.has_faults(&[("limit", "out_of_range")]);
        ask("?cursor=bm90IG91cnM").await.is_problem(400, "invalid_cursor");
        tried += 1;
    }
    assert!(tried > 20, "{tried} lists");
}

#[actix_web::test]
async fn every_problem_is_worded_in_both_languages() {
    let app = TestApp::start().await;
    for operation in operations().into_iter().filter(|operation| !operation.is_public()) {
        let vietnamese = operation.send(&app).json(json!({})).await.is_problem(401, "unauthorized");
        let english =
            operation.send(&app).header("Accept-Language", "en").json(json!({})).await.is_problem(401, "unauthorized");
        assert_ne!(vietnamese["detail"], english["detail"], "{}", operation.id);
    }
}
