//! Which texts of a body or a query are names, which are of several lines, and which are neither: read off its schema, so that
//! a new field cannot forget to be brought into its one form. A string without a format, a pattern or a list of values is on
//! one line; with a `contentMediaType` of text (`text/plain`, `text/markdown`) it has several.

use std::collections::HashMap;

use serde_json::Value;
use uuid::Uuid;

use super::SCHEMAS;
use crate::kit::{
    codes::FaultCode,
    faults::{Fault, Place, Words, escaped},
    text::{lines, nfc, one_line},
};

/// No schema of ours is nested deeper, and none contains itself.
const DEEPEST: usize = 16;

/// How the texts of a value are written.
#[derive(Debug)]
pub enum Texts {
    /// In Normalization Form C, and else as it came: a password, a day, one of a list.
    AsIs,
    /// A name or a title.
    OneLine,
    /// An article or a note.
    Lines,
    /// What something is to be known by.
    OwnId,
    /// Each field in its way.
    Fields(HashMap<String, Texts>),
    /// Each item in this way.
    Items(Box<Texts>),
}

impl Texts {
    /// Of what this schema describes.
    pub fn of(schema: &Value, components: &Value) -> Self {
        Self::within(schema, components, DEEPEST)
    }

    fn within(schema: &Value, components: &Value, depth: usize) -> Self {
        let Some(depth) = depth.checked_sub(1) else { return Self::AsIs };
        let inside = |schema: &Value| Self::within(schema, components, depth);
        if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix(SCHEMAS)) {
            let found = components.get("schemas").and_then(|schemas| schemas.get(name));
            return found.map_or(Self::AsIs, inside);
        }
        if let Some(fields) = schema.get("properties").and_then(Value::as_object) {
            let field = |(name, schema): (&String, &Value)| {
                let texts = inside(schema);
                let is_own_id = name == "id" && is_uuid(schema, components);
                (name.clone(), if is_own_id { Self::OwnId } else { texts })
            };
            return Self::Fields(fields.iter().map(field).collect());
        }
        if let Some(items) = schema.get("items") {
            return Self::Items(Box::new(inside(items)));
        }
        for several in ["oneOf", "anyOf", "allOf"] {
            let branches = schema.get(several).and_then(Value::as_array).into_iter().flatten();
            if let Some(texts) = branches.map(inside).find(|texts| !matches!(texts, Self::AsIs)) {
                return texts;
            }
        }
        Self::of_text(schema)
    }

    fn of_text(schema: &Value) -> Self {
        let is_text = match schema.get("type") {
            Some(Value::String(only)) => only == "string",
            Some(Value::Array(several)) => several.iter().any(|one| one == "string"),
            _ => false,
        };
        let is_bound = ["format", "pattern", "enum", "const"].iter().any(|keyword| schema.get(*keyword).is_some());
        if !is_text || is_bound {
            return Self::AsIs;
        }
        let media_type = schema.get("contentMediaType").and_then(Value::as_str).unwrap_or_default();
        if media_type.starts_with("text/") { Self::Lines } else { Self::OneLine }
    }

    /// A text in its form.
    pub fn formed(&self, text: &str) -> String {
        match self {
            Self::OneLine => one_line(text),
            Self::Lines => lines(text),
            _ => nfc(text),
        }
    }

    /// Brings every text of a value into its form, before anything measures it. What cannot be kept is a fault: U+0000
    /// (PostgreSQL has no place for it), and as an id of one's own making those that stand for none (RFC 9562, 5.9 and 5.10).
    pub fn bring_into_form(&self, value: &mut Value, pointer: &str, faults: &mut Vec<Fault>) {
        match value {
            Value::String(text) => {
                if text.contains('\0') {
                    faults.push(Fault::at(pointer, FaultCode::InvalidCharacter));
                }
                if matches!(self, Self::OwnId) && Uuid::parse_str(text).is_ok_and(|id| id.is_nil() || id.is_max()) {
                    faults.push(nobodys_id(pointer));
                }
                *text = self.formed(text);
            }
            Value::Array(items) => {
                let texts = if let Self::Items(texts) = self { texts } else { &Self::AsIs };
                for (place, item) in items.iter_mut().enumerate() {
                    texts.bring_into_form(item, &format!("{pointer}/{place}"), faults);
                }
            }
            Value::Object(fields) => {
                for (name, field) in fields {
                    let texts = if let Self::Fields(texts) = self { texts.get(name) } else { None };
                    let pointer = format!("{pointer}/{}", escaped(name));
                    texts.unwrap_or(&Self::AsIs).bring_into_form(field, &pointer, faults);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

fn is_uuid(schema: &Value, components: &Value) -> bool {
    let mut branches = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten().chain([schema]);
    branches.any(|branch| {
        let name = branch.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix(SCHEMAS));
        let found = name.and_then(|name| components.get("schemas").and_then(|schemas| schemas.get(name)));
        found.unwrap_or(branch).get("format").and_then(Value::as_str) == Some("uuid")
    })
}

fn nobodys_id(pointer: &str) -> Fault {
    let expected = Words::Both("một mã UUID khác nil và max", "a UUID other than nil and max");
    let values = vec![("expected", expected)];
    Fault { place: Place::Body(pointer.to_owned()), code: FaultCode::WrongFormat, values }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn formed(schema: &Value, mut value: Value) -> Value {
        let components = json!({"schemas": {"Tag": {"type": "string", "maxLength": 50}, "Id": {"type": "string", "format": "uuid"}}});
        let mut faults = Vec::new();
        Texts::of(schema, &components).bring_into_form(&mut value, "", &mut faults);
        assert_eq!(faults, []);
        value
    }

    #[test]
    fn each_text_is_formed_as_its_schema_says() {
        let schema = json!({"type": "object", "properties": {
            "title": {"type": "string"},
            "short": {"type": ["string", "null"]},
            "body": {"type": ["string", "null"], "contentMediaType": "text/markdown"},
            "password": {"type": "string", "format": "password"},
            "tags": {"type": ["array", "null"], "items": {"$ref": "#/components/schemas/Tag"}},
            "inner": {"oneOf": [{"type": "null"}, {"type": "object", "properties": {"name": {"type": "string"}}}]},
        }});

        let found = formed(
            &schema,
            json!({"title": " a\r\nb ", "short": "c\tc", "body": "d\r\ne ", "password": " f ", "tags": [" g  g "],
                "inner": {"name": "\u{A0}h"}, "unknown": " i "}),
        );

        let expected = json!({"title": "a b", "short": "c c", "body": "d\ne", "password": " f ", "tags": ["g g"],
            "inner": {"name": "h"}, "unknown": " i "});
        assert_eq!(found, expected);
    }

    #[test]
    fn an_id_of_ones_own_making_is_neither_nil_nor_max() {
        let schema = json!({"properties": {"id": {"oneOf": [{"type": "null"}, {"type": "string", "format": "uuid"}]},
            "unit_id": {"type": "string", "format": "uuid"}}});
        let texts = Texts::of(&schema, &json!({}));
        for (id, is_taken) in [
            ("00000000-0000-0000-0000-000000000000", false),
            ("FFFFFFFF-ffff-ffff-ffff-ffffffffffff", false),
            ("3d813cbb-47fb-42ba-91df-831e1593ac29", true),
            ("1ec9414c-232a-6b00-b3c8-9e6bdeced846", true),
        ] {
            let mut faults = Vec::new();
            texts.bring_into_form(&mut json!({"id": id, "unit_id": uuid::Uuid::nil()}), "", &mut faults);
            assert_eq!(faults.is_empty(), is_taken, "{id}");
            assert!(faults.iter().all(|fault| fault.place.as_str() == "/id"));
        }
    }
}
