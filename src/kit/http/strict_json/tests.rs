//! What is read, and what is told of it.

use proptest::prelude::*;
use serde_json::json;

use super::{notes::MOST_FINDINGS, *};
use crate::kit::http::schemas::shape::Compiler;

/// The shape of a schema named `It`.
fn shape(schema: Value) -> std::sync::Arc<Shape> {
    let components = json!({"schemas": {"It": schema, "Anything": {}}});
    Compiler::new(&components).component("It").unwrap()
}

fn object(properties: Value) -> Value {
    json!({"type": "object", "properties": properties, "additionalProperties": false})
}

fn told(faults: Faults) -> Vec<(String, FaultCode)> {
    faults.into_list().into_iter().map(|fault| (fault.place.as_str().to_owned(), fault.code)).collect()
}

fn faults(schema: Value, text: &str) -> Vec<(String, FaultCode)> {
    told(read(text.as_bytes(), &shape(schema)).unwrap().faults)
}

#[test]
fn faults_are_told_by_their_places_as_they_stand() {
    let item = object(json!({"d": {"type": "integer"}, "e": {"type": "string", "maxLength": 2}}));
    let list = json!({"type": "array", "items": item, "maxItems": 3});
    let mut schema = object(json!({"a": {"type": "integer"}, "b/c": list, "g": {"type": "boolean"}}));
    schema["required"] = json!(["a", "g"]);
    let text = r#"{"a": 1, "b/c": [{"d": "1"}, {"d": 1, "e": "abc", "d": 3}, 4, 5], "a": {"f": 1, "f": 1}, "h~": 0}"#;

    let found = faults(schema, text);

    let expected = [
        ("/b~1c/0/d", FaultCode::WrongType),
        ("/b~1c/1/e", FaultCode::TooLong),
        ("/b~1c/1/d", FaultCode::Duplicate),
        ("/b~1c/2", FaultCode::WrongType),
        ("/b~1c", FaultCode::TooMany),
        ("/a", FaultCode::Duplicate),
        ("/h~0", FaultCode::UnknownField),
        ("/g", FaultCode::Missing),
    ];
    assert_eq!(found, expected.map(|(place, code)| (place.to_owned(), code)));
}

#[test]
fn null_is_taken_where_the_schema_has_it() {
    let inner = object(json!({"c": {"type": "string", "maxLength": 9}}));
    let schema =
        object(json!({"a": {"oneOf": [{"type": "null"}, inner]}, "b": {"type": ["array", "null"], "maxItems": 1,
        "items": {"type": ["string", "null"], "maxLength": 9}}, "d": {"type": "integer"}}));

    assert_eq!(faults(schema.clone(), r#"{"a": null, "b": null}"#), []);
    assert_eq!(faults(schema.clone(), r#"{"a": {"c": "x"}, "b": [null]}"#), []);
    let found = faults(schema, r#"{"a": {"c": null}, "b": {}, "d": null}"#);
    assert_eq!(found, ["/a/c", "/b", "/d"].map(|place| (place.to_owned(), FaultCode::WrongType)));
}

#[test]
fn whole_numbers_are_integers_however_they_are_written() {
    let schema = object(json!({"a": {"type": "integer", "maximum": 100}}));
    for text in [r#"{"a": 15}"#, r#"{"a": 15.0}"#, r#"{"a": 1.5e1}"#] {
        assert_eq!(read(text.as_bytes(), &shape(schema.clone())).unwrap().value, json!({"a": 15}), "{text}");
    }
    assert_eq!(faults(schema.clone(), r#"{"a": 15.5}"#), [("/a".to_owned(), FaultCode::WrongType)]);
    assert_eq!(faults(schema, r#"{"a": 1e300}"#), [("/a".to_owned(), FaultCode::OutOfRange)]);
}

#[test]
fn each_text_is_formed_as_its_schema_says() {
    let components = json!({"schemas": {
        "Tag": {"type": "string", "maxLength": 50},
        "Inner": object(json!({"name": {"type": "string"}})),
        "It": object(json!({
            "title": {"type": "string"},
            "short": {"type": ["string", "null"]},
            "body": {"type": ["string", "null"], "contentMediaType": "text/markdown"},
            "password": {"type": "string", "format": "password"},
            "tags": {"type": ["array", "null"], "maxItems": 9, "items": {"$ref": "#/components/schemas/Tag"}},
            "inner": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Inner"}]},
        })),
    }});
    let shape = Compiler::new(&components).component("It").unwrap();
    let sent = json!({"title": " a\r\nb ", "short": "c\tc", "body": "d\r\ne ", "password": " f ", "tags": [" g  g "],
        "inner": {"name": "\u{A0}h"}});

    let found = read(sent.to_string().as_bytes(), &shape).unwrap();

    assert_eq!(told(found.faults), []);
    let expected = json!({"title": "a b", "short": "c c", "body": "d\ne", "password": " f ", "tags": ["g g"],
        "inner": {"name": "h"}});
    assert_eq!(found.value, expected);
}

#[test]
fn an_id_of_ones_own_making_is_neither_nil_nor_max() {
    let schema = object(json!({"id": {"oneOf": [{"type": "null"}, {"type": "string", "format": "uuid"}]},
        "unit_id": {"type": "string", "format": "uuid"}}));
    for (id, is_taken) in [
        ("00000000-0000-0000-0000-000000000000", false),
        ("FFFFFFFF-ffff-ffff-ffff-ffffffffffff", false),
        ("3d813cbb-47fb-42ba-91df-831e1593ac29", true),
        ("1ec9414c-232a-6b00-b3c8-9e6bdeced846", true),
    ] {
        let found = faults(schema.clone(), &json!({"id": id, "unit_id": uuid::Uuid::nil()}).to_string());
        assert_eq!(found.is_empty(), is_taken, "{id}");
        assert!(found.iter().all(|(place, _)| place == "/id"));
    }
}

#[test]
fn items_that_are_answered_by_themselves_have_their_own_faults_and_a_hundred_in_all() {
    let item = object(json!({"a": {"type": "integer"}}));
    let schema = object(json!({"items": {"type": "array", "maxItems": 100, "items": {"anyOf": [item, {}]}}}));
    let bad = format!("{{{}}}", (0..60).map(|name| format!("\"x{name}\": 0")).collect::<Vec<_>>().join(","));
    let text = format!(r#"{{"items": [{{"a": 1}}, {bad}, {{"a": "x"}}, {bad}, {{"a": 2}}, {bad}]}}"#);

    let found = read(text.as_bytes(), &shape(schema)).unwrap();

    assert!(found.faults.is_empty());
    let counts: Vec<_> = found.items.iter().map(|faults| (faults.len(), faults.has_more())).collect();
    assert_eq!(counts[..6], [(0, false), (60, false), (1, false), (39, true), (0, false), (0, true)]);
    assert_eq!(found.value["items"][4], json!({"a": 2}));
}

#[test]
fn a_pointer_is_not_longer_than_an_answer_shows() {
    let long = "x".repeat(100_000);
    let found = faults(object(json!({})), &format!(r#"{{"{long}": 0, "é{long}": 0}}"#));

    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|(place, _)| (LONGEST_PLACE + 1..LONGEST_PLACE + 5).contains(&place.len())));
}

#[test]
fn nothing_is_looked_for_after_a_hundred_faults() {
    let names: Vec<_> = (0..101).map(|name| format!("\"x{name}\": 0")).collect();
    let schema = object(json!({"a": {"type": "integer"}}));

    let found = read(format!("{{{}, \"a\": []}}", names.join(",")).as_bytes(), &shape(schema)).unwrap();

    assert!(found.faults.has_more());
    assert!(told(found.faults).iter().all(|(_, code)| *code == FaultCode::UnknownField));
}

#[test]
fn nothing_is_looked_for_after_the_same_fault_over_and_over() {
    let schema = object(json!({"a": {"type": "integer"}}));

    let text = format!("{{{}\"b\": 0}}", "\"a\": 0, ".repeat(MOST_FINDINGS + 2));
    let found = read(text.as_bytes(), &shape(schema)).unwrap();

    assert!(found.faults.has_more());
    assert_eq!(told(found.faults), [("/a".to_owned(), FaultCode::Duplicate)]);
}

#[test]
fn a_number_beyond_all_is_told_by_its_place() {
    let schema = object(json!({"a": {"type": "array", "maxItems": 9, "items": {"oneOf": [{"type": "null"},
        object(json!({"b/c": {"type": "number"}}))]}}, "d": {"type": "number"}}));
    let place = |text: &str| match read(text.as_bytes(), &shape(schema.clone())) {
        Err(Unread::TooLarge(place)) => place,
        other => panic!("{text}: {other:?}"),
    };

    assert_eq!(place(r#"{"a": [null, {"b/c": -1e400}], "d": 1}"#), "/a/1/b~1c");
    assert_eq!(place("1e400"), "");
    assert!(matches!(read(b"[1, 1e]", &shape(schema)), Err(Unread::NoJson(_))));
}

#[test]
fn what_follows_the_value_and_what_is_not_closed_is_no_json() {
    let shape = shape(object(json!({})));
    assert!(read(b"{} {}", &shape).is_err());
    assert!(read("[".repeat(100_000).as_bytes(), &shape).is_err());
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(told(read(deep.as_bytes(), &shape).unwrap().faults), [(String::new(), FaultCode::WrongType)]);
}

#[test]
fn a_keyword_that_nobody_checks_is_refused_at_start() {
    for schema in [
        json!({}),
        json!({"type": "object"}),
        json!({"type": "array", "items": {"type": "string"}}),
        json!({"type": "array", "maxItems": 1, "uniqueItems": true, "items": {"type": "string"}}),
        json!({"allOf": [{"type": "string"}]}),
        json!({"oneOf": [{"type": "string"}, {"type": "integer"}]}),
        json!({"$ref": "#/components/schemas/It"}),
    ] {
        let components = json!({"schemas": {"It": schema}});
        assert!(Compiler::new(&components).component("It").is_err(), "{components}");
    }
}

proptest! {
    #[test]
    fn a_value_reads_as_ever(text in r#"\{"[ab]": (-?[0-9]{1,20}(\.[0-9]{1,3})?|true|null|"[ -!#-\[\]-~]{0,5}")\}|\{[\[\]{}:," 0-9a-e.\\-]{0,20}\}"#) {
        let any = json!({"type": ["number", "boolean", "string", "null"], "format": "any"});
        let shape = shape(object(json!({"a": any, "b": any})));
        let expected: Option<Value> = serde_json::from_str(&text).ok();
        let found = read(text.as_bytes(), &shape);
        match found {
            Ok(found) if found.faults.is_empty() => prop_assert_eq!(expected, Some(found.value)),
            Ok(_) => {}
            Err(_) => prop_assert_eq!(expected, None),
        }
    }
}
