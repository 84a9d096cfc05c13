//! What is wrong with the input, collected until all of it is known: nobody mends a form one field at a time.

use chrono::NaiveDate;
use jsonschema::{
    ValidationError, Validator,
    error::{TypeKind, ValidationErrorKind},
};
use serde_json::Value;

use super::{
    clock::{FIRST_DAY, NO_END},
    codes::FaultCode,
    language::Language,
    problem::Problem,
    quantity::Quantity,
};

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where it is.
    pub place: Place,
    /// What it is.
    pub code: FaultCode,
    /// What stands for the `{name}`s in the code's words.
    pub values: Vec<(&'static str, Words)>,
}

/// Where a fault is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the body, at this JSON Pointer (RFC 6901).
    Body(String),
    /// In this query parameter.
    Query(String),
}

impl Place {
    /// The pointer or the parameter's name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Body(text) | Self::Query(text) => text,
        }
    }
}

/// A value inside a fault's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Words {
    /// The same in both languages.
    Plain(String),
    /// Vietnamese, English.
    Both(&'static str, &'static str),
}

impl Words {
    /// In that language.
    pub fn worded(&self, language: Language) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Both(vietnamese, english) => language.pick(*vietnamese, *english).to_owned(),
        }
    }
}

impl Fault {
    /// A fault of the body, at a JSON Pointer.
    pub fn at(pointer: impl Into<String>, code: FaultCode) -> Self {
        Self { place: Place::Body(pointer.into()), code, values: Vec::new() }
    }

    /// A fault of a query parameter.
    pub fn parameter(name: impl Into<String>, code: FaultCode) -> Self {
        Self { place: Place::Query(name.into()), code, values: Vec::new() }
    }

    /// The same, with a value for the `{name}` in its words.
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.values.push((name, Words::Plain(value.to_string())));
        self
    }
}

/// A name as it stands in a JSON Pointer (RFC 6901, 3).
pub fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Faults found so far.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more.
    pub fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// One more, when it is true.
    pub fn add_if(&mut self, is_wrong: bool, pointer: impl Into<String>, code: FaultCode) {
        if is_wrong {
            self.add(Fault::at(pointer, code));
        }
    }

    /// An amount that must be more than nothing.
    pub fn add_unless_positive(&mut self, amount: Quantity, pointer: impl Into<String>) {
        if !amount.is_positive() {
            self.add(Fault::at(pointer, FaultCode::OutOfRange).with("limit", "> 0"));
        }
    }

    /// A day that something begins on: from `FIRST_DAY` on, and not the one that stands for no end.
    pub fn add_unless_first_day(&mut self, day: NaiveDate, pointer: impl Into<String>) {
        let limit = match day {
            day if day < FIRST_DAY => format!(">= {FIRST_DAY}"),
            day if day >= NO_END => format!("< {NO_END}"),
            _ => return,
        };
        self.add(Fault::at(pointer, FaultCode::OutOfRange).with("limit", limit));
    }

    /// All of them as a problem, or `value` when there is none.
    pub fn or<T>(self, value: T) -> Result<T, Problem> {
        if self.0.is_empty() { Ok(value) } else { Err(Problem::invalid(self.0)) }
    }
}

/// Every fault of `value` against its schema. `place` makes a place of a JSON Pointer.
pub fn against_schema(schema: &Validator, value: &Value, place: impl Fn(String) -> Place) -> Vec<Fault> {
    let mut faults = Vec::new();
    for error in schema.iter_errors(value) {
        add_schema_error(&mut faults, &error, &place);
    }
    faults
}

fn add_schema_error(faults: &mut Vec<Fault>, error: &ValidationError<'_>, place: &impl Fn(String) -> Place) {
    let pointer = error.instance_path().as_str().to_owned();
    let below = |name: &str| place(format!("{pointer}/{}", escaped(name)));
    let mut add = |place: Place, code: FaultCode, values: Vec<(&'static str, Words)>| {
        let fault = Fault { place, code, values };
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    };
    let plain = |name: &'static str, value: String| vec![(name, Words::Plain(value))];
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            add(below(property.as_str().unwrap_or_default()), FaultCode::Missing, Vec::new());
        }
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            for name in unexpected {
                add(below(name), FaultCode::UnknownField, Vec::new());
            }
        }
        ValidationErrorKind::Type { kind } => {
            add(place(pointer), FaultCode::WrongType, vec![("expected", type_words(kind))]);
        }
        ValidationErrorKind::Minimum { limit } => {
            add(place(pointer), FaultCode::OutOfRange, plain("limit", format!(">= {limit}")));
        }
        ValidationErrorKind::Maximum { limit } => {
            add(place(pointer), FaultCode::OutOfRange, plain("limit", format!("<= {limit}")));
        }
        ValidationErrorKind::ExclusiveMinimum { limit } => {
            add(place(pointer), FaultCode::OutOfRange, plain("limit", format!("> {limit}")));
        }
        ValidationErrorKind::ExclusiveMaximum { limit } => {
            add(place(pointer), FaultCode::OutOfRange, plain("limit", format!("< {limit}")));
        }
        ValidationErrorKind::MinLength { limit } => {
            add(place(pointer), FaultCode::TooShort, plain("limit", limit.to_string()));
        }
        ValidationErrorKind::MaxLength { limit } => {
            add(place(pointer), FaultCode::TooLong, plain("limit", limit.to_string()));
        }
        ValidationErrorKind::MinItems { limit } => {
            add(place(pointer), FaultCode::TooFew, plain("limit", limit.to_string()));
        }
        ValidationErrorKind::MaxItems { limit } => {
            add(place(pointer), FaultCode::TooMany, plain("limit", limit.to_string()));
        }
        // Only quantities are multiples of something, and theirs is the last word: 0.30000000000000004 is 0.3.
        ValidationErrorKind::MultipleOf { .. } => {
            if error.instance().as_f64().is_none_or(|number| Quantity::from_json(number).is_err()) {
                add(place(pointer), FaultCode::TooPrecise, Vec::new());
            }
        }
        ValidationErrorKind::UniqueItems => add(place(pointer), FaultCode::Duplicate, Vec::new()),
        ValidationErrorKind::Format { format } => {
            add(place(pointer), FaultCode::WrongFormat, vec![("expected", format_words(format))]);
        }
        ValidationErrorKind::Pattern { pattern } => {
            add(place(pointer), FaultCode::WrongFormat, plain("expected", pattern.clone()));
        }
        ValidationErrorKind::Enum { options } => {
            add(place(pointer), FaultCode::NotOneOf, plain("options", option_words(options)));
        }
        ValidationErrorKind::Constant { expected_value } => {
            add(place(pointer), FaultCode::NotOneOf, plain("options", expected_value.to_string()));
        }
        ValidationErrorKind::OneOfNotValid { context } | ValidationErrorKind::AnyOf { context } => {
            // "null or this": the branch that is not null says what is really wrong.
            let branch = context.iter().find(|branch| !branch.iter().any(is_null_type));
            for inner in branch.into_iter().flatten() {
                add_schema_error(faults, inner, place);
            }
        }
        _ => add(place(pointer), FaultCode::WrongType, plain("expected", error.kind().keyword().to_owned())),
    }
}

fn is_null_type(error: &ValidationError<'_>) -> bool {
    matches!(error.kind(), ValidationErrorKind::Type { kind: TypeKind::Single(kind) } if kind.to_string() == "null")
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
        "array" => Words::Both("danh sách", "an array"),
        "object" => Words::Both("đối tượng", "an object"),
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
