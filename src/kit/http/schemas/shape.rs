//! What a body looks like: its objects, lists and single values, compiled from its schema. `kit::http::strict_json` is led by it, so
//! that nothing is built of what no schema asks for. It knows the few ways in which our documents put schemas together, and
//! refuses any other at start: a keyword that nobody checks would be a promise.

use std::{collections::HashMap, sync::Arc};

use jsonschema::Validator;
use serde_json::{Map, Value};

use super::{SCHEMAS, scalar::Scalar};

/// No schema of ours is nested deeper, and none contains itself.
const DEEPEST: usize = 16;
/// What says nothing about what is valid.
const NOTES: [&str; 9] = [
    "contentMediaType",
    "default",
    "deprecated",
    "description",
    "example",
    "examples",
    "readOnly",
    "title",
    "writeOnly",
];
/// What the library for schemas checks of a single value.
const RULES: [&str; 12] = [
    "const",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "maxLength",
    "maximum",
    "minLength",
    "minimum",
    "multipleOf",
    "pattern",
    "type",
];

/// What a value looks like.
pub enum Shape {
    /// An object with these fields and no others.
    Object(Object),
    /// A list.
    List(List),
    /// A text, a number, a truth.
    Scalar(Scalar),
    /// Null, or this.
    Nullable(Arc<Shape>),
}

/// The fields of an object.
pub struct Object {
    /// Each with its place among `names`.
    pub fields: HashMap<String, Field>,
    /// Those that must be there, with their places.
    pub required: Vec<(String, usize)>,
}

/// A field of an object.
pub struct Field {
    /// Index within the object.
    pub place: usize,
    /// Its name.
    pub name: String,
    /// What it looks like.
    pub shape: Arc<Shape>,
}

/// The items of a list.
pub struct List {
    /// What each looks like.
    pub item: Arc<Shape>,
    /// The least number of them.
    pub least: usize,
    /// The largest number of them.
    pub most: usize,
    /// Is each answered by itself? The document says so by an item that may be anything.
    pub is_batch: bool,
}

impl Shape {
    fn as_own_id(&self) -> Option<Self> {
        match self {
            Self::Scalar(scalar) => Some(Self::Scalar(scalar.as_own_id())),
            Self::Nullable(inner) => inner.as_own_id().map(|inner| Self::Nullable(Arc::new(inner))),
            Self::Object(_) | Self::List(_) => None,
        }
    }
}

/// Compiles shapes; equal parts of them are there once.
pub struct Compiler<'d> {
    components: &'d Value,
    shapes: HashMap<&'d str, Arc<Shape>>,
    rules: HashMap<String, Arc<Validator>>,
}

/// Why a schema cannot be compiled.
pub type Reason = String;

impl<'d> Compiler<'d> {
    /// For schemas that refer to these components of the document.
    pub fn new(components: &'d Value) -> Self {
        Self { components, shapes: HashMap::new(), rules: HashMap::new() }
    }

    /// The shape of the component of that name.
    pub fn component(&mut self, name: &str) -> Result<Arc<Shape>, Reason> {
        self.named(name, DEEPEST)
    }

    /// The single value that this schema describes.
    pub fn scalar(&mut self, schema: &'d Value) -> Result<Scalar, Reason> {
        match self.shape(schema, DEEPEST)?.as_ref() {
            Shape::Scalar(scalar) => Ok(scalar.clone()),
            _ => Err("a query parameter is a single value".to_owned()),
        }
    }

    fn named(&mut self, name: &str, depth: usize) -> Result<Arc<Shape>, Reason> {
        if let Some(shape) = self.shapes.get(name) {
            return Ok(Arc::clone(shape));
        }
        let schemas = self.components.get("schemas").and_then(Value::as_object);
        let (name, schema) = schemas
            .and_then(|schemas| schemas.get_key_value(name))
            .ok_or_else(|| format!("there is no component {name}"))?;
        let shape = self.shape(schema, depth)?;
        self.shapes.insert(name, Arc::clone(&shape));
        Ok(shape)
    }

    fn shape(&mut self, schema: &'d Value, depth: usize) -> Result<Arc<Shape>, Reason> {
        let depth = depth.checked_sub(1).ok_or("it is nested too deep, or contains itself")?;
        let keywords = schema.as_object().ok_or("a schema is an object")?;
        if let Some(reference) = keywords.get("$ref") {
            only(keywords, &["$ref"])?;
            let name = reference.as_str().and_then(|text| text.strip_prefix(SCHEMAS));
            return self.named(name.ok_or("a reference to no component")?, depth);
        }
        if let Some(branches) = keywords.get("oneOf") {
            only(keywords, &["oneOf"])?;
            let branch = or_null(branches).ok_or("oneOf takes null and one other schema")?;
            return Ok(Arc::new(Shape::Nullable(self.shape(branch, depth)?)));
        }
        let kinds = kinds_of(keywords);
        let shape = if kinds.contains(&"object") {
            Shape::Object(self.object(keywords, depth)?)
        } else if kinds.contains(&"array") {
            Shape::List(self.list(keywords, depth)?)
        } else {
            return Ok(Arc::new(Shape::Scalar(self.leaf(keywords)?)));
        };
        let shape = Arc::new(shape);
        match kinds.as_slice() {
            [_] => Ok(shape),
            [_, "null"] | ["null", _] => Ok(Arc::new(Shape::Nullable(shape))),
            _ => Err("it is of several types".to_owned()),
        }
    }

    fn object(&mut self, keywords: &'d Map<String, Value>, depth: usize) -> Result<Object, Reason> {
        only(keywords, &["type", "properties", "required", "additionalProperties"])?;
        if keywords.get("additionalProperties") != Some(&Value::Bool(false)) {
            return Err("an object refuses fields that it does not know".to_owned());
        }
        let mut fields = HashMap::new();
        let properties = keywords.get("properties").and_then(Value::as_object).into_iter().flatten();
        for (place, (name, schema)) in properties.enumerate() {
            let mut shape = self.shape(schema, depth)?;
            if name == "id" {
                shape = shape.as_own_id().map_or(shape, Arc::new);
            }
            fields.insert(name.clone(), Field { place, name: name.clone(), shape });
        }
        let names = keywords.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let required = names.map(|name| {
            let field = fields.get(name).ok_or_else(|| format!("it requires {name}, which it does not have"))?;
            Ok((name.to_owned(), field.place))
        });
        let required = required.collect::<Result<_, Reason>>()?;
        Ok(Object { fields, required })
    }

    fn list(&mut self, keywords: &'d Map<String, Value>, depth: usize) -> Result<List, Reason> {
        only(keywords, &["type", "items", "minItems", "maxItems"])?;
        let size = |keyword| keywords.get(keyword).and_then(Value::as_u64).and_then(|size| usize::try_from(size).ok());
        let most = size("maxItems").ok_or("a list has maxItems")?;
        let item = keywords.get("items").ok_or("a list has items")?;
        let branch = item.get("anyOf").and_then(or_anything);
        let item = self.shape(branch.unwrap_or(item), depth)?;
        Ok(List { item, least: size("minItems").unwrap_or(0), most, is_batch: branch.is_some() })
    }

    fn leaf(&mut self, keywords: &Map<String, Value>) -> Result<Scalar, Reason> {
        only(keywords, &RULES)?;
        if !["type", "enum", "const"].iter().any(|keyword| keywords.contains_key(*keyword)) {
            return Err("it may be anything".to_owned());
        }
        let of_rules = keywords.iter().filter(|(keyword, _)| RULES.contains(&keyword.as_str()));
        let schema = Value::Object(of_rules.map(|(keyword, value)| (keyword.clone(), value.clone())).collect());
        let text = schema.to_string();
        let rules = match self.rules.get(&text) {
            Some(rules) => Arc::clone(rules),
            None => {
                let rules = jsonschema::options().should_validate_formats(true).build(&schema);
                let rules = Arc::new(rules.map_err(|error| error.to_string())?);
                self.rules.insert(text, Arc::clone(&rules));
                rules
            }
        };
        Ok(Scalar::new(keywords, rules))
    }
}

fn only(keywords: &Map<String, Value>, known: &[&str]) -> Result<(), Reason> {
    let is_known = |keyword: &str| known.contains(&keyword) || NOTES.contains(&keyword);
    match keywords.keys().find(|keyword| !is_known(keyword)) {
        Some(unknown) => Err(format!("nobody checks the keyword {unknown} there")),
        None => Ok(()),
    }
}

fn kinds_of(keywords: &Map<String, Value>) -> Vec<&str> {
    match keywords.get("type") {
        Some(Value::String(only)) => vec![only.as_str()],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The branch of two that is not `{"type": "null"}`.
fn or_null(branches: &Value) -> Option<&Value> {
    other_of(branches, |branch| branch.get("type").and_then(Value::as_str) == Some("null"))
}

/// The branch of two that is not `{}`.
fn or_anything(branches: &Value) -> Option<&Value> {
    other_of(branches, |branch| branch.as_object().is_some_and(Map::is_empty))
}

fn other_of(branches: &Value, is_one: impl Fn(&Value) -> bool) -> Option<&Value> {
    match branches.as_array()?.as_slice() {
        [one, other] if is_one(one) && !is_one(other) => Some(other),
        [other, one] if is_one(one) && !is_one(other) => Some(other),
        _ => None,
    }
}
