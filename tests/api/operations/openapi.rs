//! The OpenAPI document: exported, complete, and true to the tree of modules.

use std::{collections::HashSet, path::Path};

use serde_json::Value;
use thidua::{
    kit::{
        http::{Kept, Repeat, Takes},
        problems::FaultCode,
    },
    openapi,
    operation_table::{TABLE, row},
};

use crate::harness::has_blank;

#[test]
fn the_exported_document_is_the_one_that_is_served() {
    let document = openapi::document();

    let exported = std::fs::read_to_string("openapi/openapi.json").unwrap();
    assert!(exported == openapi::text(&document), "openapi/openapi.json is stale; run: cargo run -- openapi");
    let routes = std::fs::read_to_string("openapi/routes.txt").unwrap();
    assert_eq!(routes, openapi::route_list(&document), "run: cargo run -- openapi");
}

#[test]
fn every_operation_explains_itself() {
    let document = openapi::document();
    let mut ids = HashSet::new();
    for (path, method, operation) in openapi::operations(&document) {
        let name = format!("{method} {path}");
        let text = |field: &str| operation[field].as_str().unwrap_or_default();
        assert!(ids.insert(text("operationId").to_owned()), "{name}: its operation id is not its own");
        assert!(text("summary").len() > 4, "{name} has no summary");
        assert!(text("description").len() > 10, "{name} has no description");
        assert!(operation["security"].is_array(), "{name} does not say who may call it");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.contains_key("429") && responses.contains_key("500"), "{name} leaves problems out");
        for (status, response) in responses {
            assert!(!response["description"].as_str().unwrap_or_default().is_empty(), "{name} {status} says nothing");
            if let Some(examples) = response.pointer("/content/application~1problem+json/examples") {
                assert!(!examples.as_object().unwrap().is_empty(), "{name} {status} shows no problem");
            }
        }
    }
}

#[test]
fn a_tag_is_a_noun_is_a_module() {
    let document = openapi::document();
    let rooms = ["identity", "organisation", "campaigns", "feed", "relay", "operations"];
    let described: HashSet<_> =
        document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    for (path, method, operation) in openapi::operations(&document) {
        let tags = operation["tags"].as_array().unwrap();
        assert_eq!(tags.len(), 1, "{method} {path}");
        let tag = tags[0].as_str().unwrap();
        assert!(described.contains(tag), "{tag} is not described");
        let is_module = rooms.iter().any(|room| Path::new("src").join(room).join(tag).join("mod.rs").exists());
        assert!(is_module, "{method} {path}: no module is called {tag}");
        if path.starts_with("/v1/") {
            // The last noun of the path is the module; a verb stays with its noun.
            let nouns: Vec<_> = path
                .split('/')
                .skip(2)
                .filter(|part| !part.starts_with('{'))
                .map(|part| part.replace('-', "_"))
                .collect();
            assert!(nouns.iter().any(|noun| noun == tag), "{method} {path} is tagged {tag}");
        }
    }
}

#[test]
fn every_field_of_a_body_is_explained_and_bounded() {
    let document = openapi::document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas {
        for (field, property) in schema["properties"].as_object().into_iter().flatten() {
            let has_words =
                property["description"].is_string() || property["$ref"].is_string() || property["oneOf"].is_array();
            assert!(has_words, "{name}.{field} is not explained");
            let is_input = schema["additionalProperties"] == Value::Bool(false);
            let is_text = property["type"] == "string" || property["type"] == serde_json::json!(["string", "null"]);
            let is_open =
                property.get("format").is_none() && property.get("enum").is_none() && property.get("pattern").is_none();
            if is_input && is_text && is_open {
                assert!(property["maxLength"].is_number(), "{name}.{field} has no longest length");
            }
            if is_input && property["type"] == "array" {
                assert!(property["maxItems"].is_number(), "{name}.{field} has no largest size");
            }
        }
    }
}

/// The operation ids of the handlers that take an `IfMatch`, read off the sources.
fn handlers_with_if_match(folder: &Path, found: &mut HashSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            handlers_with_if_match(&path, found);
        } else if path.file_name().is_some_and(|name| name == "http.rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            for handler in text.split("pub async fn ").skip(1) {
                let (signature, _) = handler.split_once('{').unwrap();
                if signature.contains(": IfMatch") {
                    found.insert(signature.split('(').next().unwrap().to_owned());
                }
            }
        }
    }
}

#[test]
fn if_match_is_documented_where_the_handler_takes_it_and_nowhere_else() {
    let mut taken = HashSet::new();
    handlers_with_if_match(Path::new("src"), &mut taken);

    let rows = TABLE.iter().filter(|row| row.is_conditional);
    assert_eq!(rows.map(|row| row.id.to_owned()).collect::<HashSet<_>>(), taken);
    let document = openapi::document();
    for (path, method, operation) in openapi::operations(&document) {
        let is_taken = taken.contains(operation["operationId"].as_str().unwrap());
        let is_named = operation["parameters"].as_array().into_iter().flatten().any(|one| one["name"] == "If-Match");
        assert_eq!(is_named, is_taken, "{method} {path}");
        assert_eq!(operation["responses"].get("412").is_some(), is_taken, "{method} {path}");
    }
}

#[test]
fn a_row_says_what_its_handler_takes() {
    for (path, method, operation) in openapi::operations(&openapi::document()) {
        let row = row(operation["operationId"].as_str().unwrap()).unwrap();
        let content = operation["requestBody"]["content"].as_object().into_iter().flatten();
        let described: HashSet<&str> = content.map(|(media_type, _)| media_type.as_str()).collect();
        assert_eq!(described, row.takes.media_types().iter().copied().collect(), "{}", row.id);
        assert_eq!(row.takes == Takes::MergePatch, method == "patch", "{}", row.id);
        // A key makes a change safe to repeat that would otherwise be made twice.
        let is_created = method == "post" && path.starts_with("/v1/");
        assert_eq!(row.repeat == Repeat::Harmless, !is_created, "{}", row.id);
        assert!(method == "get" || row.kept == Kept::Never, "{}: the answer to a change is kept by nobody", row.id);
        let responses = operation["responses"].as_object().unwrap().iter();
        let given = responses.filter(|(status, _)| status.starts_with('2'));
        let given = given.filter_map(|(_, response)| response["content"].as_object()).flatten();
        for (media_type, _) in given {
            assert!(row.gives.is_empty() || row.gives.contains(&media_type.as_str()), "{} gives {media_type}", row.id);
        }
    }
}

#[test]
fn a_patch_is_documented_under_both_of_its_media_types() {
    let document = openapi::document();
    for (path, _, operation) in openapi::operations(&document).filter(|(_, method, _)| *method == "patch") {
        let content = operation["requestBody"]["content"].as_object().unwrap();
        assert_eq!(content["application/json"], content["application/merge-patch+json"], "{path}");
    }
}

#[test]
fn every_header_that_answers_have_is_documented() {
    let document = openapi::document();
    for (path, method, operation) in openapi::operations(&document) {
        let is_counted = !["/healthz", "/readyz"].contains(&path.as_str());
        for (status, response) in operation["responses"].as_object().unwrap() {
            let headers = &response["headers"];
            for name in ["RateLimit", "RateLimit-Policy"] {
                assert_eq!(headers.get(name).is_some(), is_counted, "{method} {path} {status}");
            }
            assert!(headers.get("X-Request-Id").is_some(), "{method} {path} {status}");
        }
    }
}

#[test]
fn no_words_have_a_blank_that_nothing_was_put_in_for() {
    fn look(place: &str, value: &Value) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(name, value)| {
                let is_words = matches!(name.as_str(), "detail" | "description") && place.contains("/responses/");
                if let (true, Some(words)) = (is_words, value.as_str()) {
                    assert!(!has_blank(words), "{place}/{name}: {words}");
                }
                look(&format!("{place}/{name}"), value);
            }),
            Value::Array(items) => items.iter().for_each(|item| look(place, item)),
            _ => {}
        }
    }
    look("", &openapi::document());
}

#[test]
fn every_fault_code_is_listed_with_its_words() {
    let document = openapi::document();

    let code = &document["components"]["schemas"]["Fault"]["properties"]["code"];

    let names: Vec<&str> = code["enum"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(names, FaultCode::ALL.iter().map(|code| code.name()).collect::<Vec<_>>());
    let words = code["description"].as_str().unwrap();
    assert!(names.iter().all(|name| words.contains(&format!("- `{name}`: "))), "{words}");
    assert!(!has_blank(words), "{words}");
}

#[test]
fn all_that_an_idempotency_key_can_lead_to_is_documented_where_one_is_taken() {
    let document = openapi::document();
    for (path, method, operation) in openapi::operations(&document) {
        let is_taken =
            operation["parameters"].as_array().into_iter().flatten().any(|one| one["name"] == "Idempotency-Key");
        for (status, code) in [
            ("400", "invalid_idempotency_key"),
            ("409", "request_in_flight"),
            ("410", "answer_gone"),
            ("422", "idempotency_key_reused"),
        ] {
            let words = operation["responses"][status]["description"].as_str().unwrap_or_default();
            assert_eq!(words.contains(&format!("`{code}`")), is_taken, "{method} {path}: {code}");
        }
    }
}
