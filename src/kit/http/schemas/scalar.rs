//! A single value: a text, a number, a truth. What it may be its schema says, and the library for schemas checks; how a text is
//! written is read off the schema as well, so that a new field cannot forget to be brought into its one form. A string without
//! a format, a pattern or a list of values is on one line; with a `contentMediaType` of text (`text/plain`, `text/markdown`) it
//! has several.

use std::sync::Arc;

use jsonschema::{
    ValidationError, Validator,
    error::{TypeKind, ValidationErrorKind},
};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::kit::{
    problems::{codes::FaultCode, faults::Words},
    values::{
        quantity::Quantity,
        text::{lines, nfc, one_line},
    },
};

/// The longest text where its schema does not say, in characters.
const LONGEST_UNSTATED: u64 = 4096;
/// How many bytes a text may have for each character that its schema lets it have, before it is brought into its form. A
/// Vietnamese letter whose marks are written apart has at most 5, as `ế` has, any other character at most 4.
const BYTES_A_CHARACTER: u64 = 5;
/// How many bytes besides may be blank or unseen.
const BYTES_BESIDES: u64 = 512;

/// What is wrong with a value: the code, and what stands for the `{name}`s in its words.
pub type Wrong = (FaultCode, Vec<(&'static str, Words)>);

/// What a single value may be.
#[derive(Clone)]
pub struct Scalar {
    rules: Arc<Validator>,
    writing: Writing,
    /// In characters, where the schema says so.
    longest: Option<u64>,
    is_integer: bool,
    is_boolean: bool,
    is_uuid: bool,
}

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writing {
    /// In Normalization Form C, and else as it came: a password, a day, one of a list.
    AsIs,
    /// A name or a title.
    OneLine,
    /// An article or a note.
    Lines,
    /// The id by which something new is to be known.
    OwnId,
}

impl Scalar {
    /// Of what this schema describes, with its rules compiled.
    pub fn new(schema: &Map<String, Value>, rules: Arc<Validator>) -> Self {
        let is_of = |kind: &str| match schema.get("type") {
            Some(Value::String(only)) => only == kind,
            Some(Value::Array(several)) => several.iter().any(|one| one == kind),
            _ => false,
        };
        let word = |keyword: &str| schema.get(keyword).and_then(Value::as_str).unwrap_or_default();
        let is_free = ["format", "pattern", "enum", "const"].iter().all(|keyword| !schema.contains_key(*keyword));
        let writing = match is_of("string") && is_free {
            true if word("contentMediaType").starts_with("text/") => Writing::Lines,
            true => Writing::OneLine,
            false => Writing::AsIs,
        };
        Self {
            rules,
            writing,
            longest: schema.get("maxLength").and_then(Value::as_u64),
            is_integer: is_of("integer"),
            is_boolean: is_of("boolean"),
            is_uuid: word("format") == "uuid",
        }
    }

    /// The same as the id of something new, where it is a UUID at all: neither nil nor max, which stand for nothing
    /// (RFC 9562, 5.9 and 5.10).
    pub fn as_own_id(&self) -> Self {
        let writing = if self.is_uuid { Writing::OwnId } else { self.writing };
        Self { writing, ..self.clone() }
    }

    /// Brings a text into its form, before anything measures it, and tells what is wrong with it. U+0000 cannot be kept:
    /// PostgreSQL has no place for it. What is far too long costs no more than finding that out.
    pub fn text(&self, text: &str, mut tell: impl FnMut(Wrong)) -> Value {
        let characters = self.longest.unwrap_or(LONGEST_UNSTATED);
        let most_bytes = characters.saturating_mul(BYTES_A_CHARACTER).saturating_add(BYTES_BESIDES);
        let most_bytes = usize::try_from(most_bytes).unwrap_or(usize::MAX);
        if text.len() > most_bytes {
            tell((FaultCode::TooLong, limit(characters)));
            return Value::Null;
        }
        if text.contains('\0') {
            tell((FaultCode::InvalidCharacter, Vec::new()));
        }
        if self.writing == Writing::OwnId && Uuid::parse_str(text).is_ok_and(|id| id.is_nil() || id.is_max()) {
            let expected = Words::Both("một mã UUID khác nil và max", "a UUID other than nil and max");
            tell((FaultCode::WrongFormat, vec![("expected", expected)]));
        }
        let text = match self.writing {
            Writing::OneLine => one_line(text),
            Writing::Lines => lines(text),
            Writing::AsIs | Writing::OwnId => nfc(text),
        };
        self.value(text.into(), tell)
    }

    /// Tells what is wrong with a value. A whole number is an integer, however it is written: `15.0`, `1.5e1`.
    pub fn value(&self, value: Value, mut tell: impl FnMut(Wrong)) -> Value {
        if !self.rules.is_valid(&value) {
            self.rules.iter_errors(&value).filter_map(|error| wrong(&error)).for_each(&mut tell);
        }
        let whole = value.as_f64().filter(|_| self.is_integer && !value.is_i64() && !value.is_u64());
        whole.and_then(|number| format!("{number}").parse::<i64>().ok()).map_or(value, Value::from)
    }

    /// The value that a text in a query stands for.
    pub fn parameter(&self, text: &str, tell: impl FnMut(Wrong)) -> Value {
        if self.is_integer
            && let Ok(number) = text.parse::<i64>()
        {
            return self.value(number.into(), tell);
        }
        if self.is_boolean
            && let Ok(truth) = text.parse::<bool>()
        {
            return self.value(truth.into(), tell);
        }
        self.text(text, tell)
    }
}

fn limit(limit: impl ToString) -> Vec<(&'static str, Words)> {
    plain("limit", limit.to_string())
}

fn plain(name: &'static str, value: String) -> Vec<(&'static str, Words)> {
    vec![(name, Words::Plain(value))]
}

/// What a schema says of a single value, in our words.
fn wrong(error: &ValidationError<'_>) -> Option<Wrong> {
    Some(match error.kind() {
        ValidationErrorKind::Type { kind } => (FaultCode::WrongType, vec![("expected", type_words(kind))]),
        ValidationErrorKind::Minimum { limit: least } => (FaultCode::OutOfRange, limit(format_args!(">= {least}"))),
        ValidationErrorKind::Maximum { limit: most } => (FaultCode::OutOfRange, limit(format_args!("<= {most}"))),
        ValidationErrorKind::ExclusiveMinimum { limit: end } => (FaultCode::OutOfRange, limit(format_args!("> {end}"))),
        ValidationErrorKind::ExclusiveMaximum { limit: end } => (FaultCode::OutOfRange, limit(format_args!("< {end}"))),
        ValidationErrorKind::MinLength { limit: least } => (FaultCode::TooShort, limit(least)),
        ValidationErrorKind::MaxLength { limit: most } => (FaultCode::TooLong, limit(most)),
        // Only quantities are multiples of something, and theirs is the last word: 0.30000000000000004 is 0.3.
        ValidationErrorKind::MultipleOf { .. } => {
            let number = error.instance().as_f64();
            if number.is_some_and(|number| Quantity::from_json(number).is_ok()) {
                return None;
            }
            (FaultCode::TooPrecise, Vec::new())
        }
        ValidationErrorKind::Format { format } => (FaultCode::WrongFormat, vec![("expected", format_words(format))]),
        ValidationErrorKind::Pattern { pattern } => (FaultCode::WrongFormat, plain("expected", pattern.clone())),
        ValidationErrorKind::Enum { options } => (FaultCode::NotOneOf, plain("options", option_words(options))),
        ValidationErrorKind::Constant { expected_value } => {
            (FaultCode::NotOneOf, plain("options", expected_value.to_string()))
        }
        other => (FaultCode::WrongType, plain("expected", other.keyword().to_owned())),
    })
}

fn type_words(kind: &TypeKind) -> Words {
    let name = match kind {
        TypeKind::Single(kind) => kind.to_string(),
        TypeKind::Multiple(kinds) => {
            kinds.iter().map(|kind| kind.to_string()).find(|kind| kind != "null").unwrap_or_default()
        }
    };
    match name.as_str() {
        "string" => Words::Both("chuỗi ký tự", "a string"),
        "integer" => Words::Both("số nguyên", "an integer"),
        "number" => Words::Both("số", "a number"),
        "boolean" => Words::Both("true hoặc false", "true or false"),
        _ => Words::Plain(name),
    }
}

/// A format (JSON Schema, validation vocabulary, section 7.3) in words that say how it is written.
fn format_words(format: &str) -> Words {
    match format {
        "date" => Words::Both("một ngày như 2026-09-02", "a day such as 2026-09-02"),
        "date-time" => Words::Both("một thời điểm như 2026-09-02T07:00:00Z", "a moment such as 2026-09-02T07:00:00Z"),
        "uuid" => Words::Both("một mã UUID", "a UUID"),
        "uri-reference" => Words::Both("một địa chỉ như https://example.vn/", "an address such as https://example.vn/"),
        other => Words::Plain(other.to_owned()),
    }
}

fn option_words(options: &Value) -> String {
    let words: Vec<_> = options
        .as_array()
        .into_iter()
        .flatten()
        .map(|option| option.as_str().map_or_else(|| option.to_string(), str::to_owned))
        .collect();
    words.join(", ")
}
