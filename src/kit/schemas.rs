//! The OpenAPI document is the validator: what is documented and what is accepted cannot differ. One compiled schema for
//! each body and each set of query parameters, made once at start.

use std::collections::HashMap;

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use super::{
    codes::FaultCode,
    faults::{Fault, Place, against_schema},
    parameters::Bare,
};

mod texts;

use texts::Texts;

const SCHEMAS: &str = "#/components/schemas/";

/// The schemas of what comes in, compiled.
pub struct Schemas {
    bodies: HashMap<String, Body>,
    queries: HashMap<String, Parameters>,
    /// The operations that take no query parameter.
    pub(super) bare: Bare,
}

struct Body {
    schema: Validator,
    texts: Texts,
}

/// The query parameters of one operation.
pub struct Parameters {
    types: HashMap<String, Value>,
    texts: HashMap<String, Texts>,
    schema: Validator,
}

/// The document has a schema that cannot be compiled.
#[derive(Debug, thiserror::Error)]
#[error("the OpenAPI document's schema {name} cannot be compiled: {reason}")]
pub struct BadSchema {
    name: String,
    reason: String,
}

impl Schemas {
    /// Compiles what the document says of request bodies and query parameters.
    pub fn compile(document: &Value) -> Result<Self, BadSchema> {
        let components = document.get("components").cloned().unwrap_or_else(|| json!({}));
        let mut schemas = Self { bodies: HashMap::new(), queries: HashMap::new(), bare: Bare::of(document) };
        schemas.add_parts(&components)?;
        let operations = document.get("paths").and_then(Value::as_object).into_iter().flatten();
        for operation in
            operations.flat_map(|(_, item)| item.as_object().into_iter().flatten()).map(|(_, operation)| operation)
        {
            schemas.add_bodies(operation, &components)?;
            schemas.add_query(operation, &components)?;
        }
        Ok(schemas)
    }

    /// What comes in inside of something else: every object that takes no unknown fields.
    fn add_parts(&mut self, components: &Value) -> Result<(), BadSchema> {
        for (name, schema) in components.get("schemas").and_then(Value::as_object).into_iter().flatten() {
            if schema.get("additionalProperties") == Some(&Value::Bool(false)) {
                self.add_body(name, components)?;
            }
        }
        Ok(())
    }

    fn add_bodies(&mut self, operation: &Value, components: &Value) -> Result<(), BadSchema> {
        let content = operation.pointer("/requestBody/content").and_then(Value::as_object);
        for media in content.into_iter().flatten().map(|(_, media)| media) {
            let reference = media.pointer("/schema/$ref").and_then(Value::as_str).unwrap_or_default();
            let Some(name) = reference.strip_prefix(SCHEMAS) else { continue };
            if !self.bodies.contains_key(name) {
                self.add_body(name, components)?;
            }
        }
        Ok(())
    }

    fn add_body(&mut self, name: &str, components: &Value) -> Result<(), BadSchema> {
        let schema = json!({ "$ref": format!("{SCHEMAS}{name}") });
        let texts = Texts::of(&schema, components);
        self.bodies.insert(name.to_owned(), Body { schema: compiled(name, schema, components)?, texts });
        Ok(())
    }

    fn add_query(&mut self, operation: &Value, components: &Value) -> Result<(), BadSchema> {
        let name = operation.get("operationId").and_then(Value::as_str).unwrap_or_default();
        let parameters = operation.get("parameters").and_then(Value::as_array);
        let mut types = HashMap::new();
        let mut required = Vec::new();
        for parameter in parameters.into_iter().flatten() {
            if parameter.get("in").and_then(Value::as_str) != Some("query") {
                continue;
            }
            let (Some(name), Some(schema)) = (parameter.get("name").and_then(Value::as_str), parameter.get("schema"))
            else {
                continue;
            };
            types.insert(name.to_owned(), schema.clone());
            if parameter.get("required").and_then(Value::as_bool) == Some(true) {
                required.push(name.to_owned());
            }
        }
        let properties: Map<String, Value> =
            types.iter().map(|(name, schema)| (name.clone(), schema.clone())).collect();
        let schema = json!({
            "type": "object", "properties": properties, "required": required, "additionalProperties": false,
        });
        let texts = types.iter().map(|(name, schema)| (name.clone(), Texts::of(schema, components))).collect();
        self.queries.insert(name.to_owned(), Parameters { types, texts, schema: compiled(name, schema, components)? });
        Ok(())
    }

    /// Brings the texts of a body into their form, and gives every fault of it against the schema of that name; none when
    /// there is no such schema.
    pub fn body_faults(&self, name: &str, body: &mut Value) -> Option<Vec<Fault>> {
        let Body { schema, texts } = self.bodies.get(name)?;
        let mut faults = Vec::new();
        texts.bring_into_form(body, "", &mut faults);
        faults.extend(against_schema(schema, body, Place::Body));
        Some(faults)
    }

    /// The query parameters of an operation.
    pub fn query(&self, operation: &str) -> Option<&Parameters> {
        self.queries.get(operation)
    }
}

impl Parameters {
    /// The text of a parameter in its form.
    pub fn formed(&self, name: &str, text: &str) -> String {
        self.texts.get(name).unwrap_or(&Texts::AsIs).formed(text)
    }

    /// The pairs of a query string as one JSON object, each in the type that its schema has; and every fault of it. None of
    /// them is a list, so that one given twice has no meaning.
    pub fn read(&self, pairs: &[(String, String)]) -> (Map<String, Value>, Vec<Fault>) {
        let (mut object, mut faults) = (Map::new(), Vec::new());
        for (name, text) in pairs {
            let is_known = self.types.contains_key(name);
            if object.insert(name.clone(), self.typed(name, text)).is_some() && is_known {
                faults.push(Fault::parameter(name.as_str(), FaultCode::Duplicate));
            }
        }
        let value = Value::Object(object);
        faults.extend(against_schema(&self.schema, &value, |pointer| {
            Place::Query(pointer.trim_start_matches('/').replace("~1", "/").replace("~0", "~"))
        }));
        match value {
            Value::Object(object) => (object, faults),
            _ => (Map::new(), faults),
        }
    }

    fn typed(&self, name: &str, text: &str) -> Value {
        let wants = |kind: &str| match self.types.get(name).and_then(|schema| schema.get("type")) {
            Some(Value::String(only)) => only == kind,
            Some(Value::Array(several)) => several.iter().any(|one| one == kind),
            _ => false,
        };
        if wants("integer")
            && let Ok(number) = text.parse::<i64>()
        {
            return number.into();
        }
        if wants("boolean")
            && let Ok(truth) = text.parse::<bool>()
        {
            return truth.into();
        }
        text.into()
    }
}

fn compiled(name: &str, mut schema: Value, components: &Value) -> Result<Validator, BadSchema> {
    let mut needed = Map::new();
    gather(&schema, components, &mut needed);
    if let Some(fields) = schema.as_object_mut() {
        fields.insert("components".to_owned(), json!({ "schemas": needed }));
    }
    jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .map_err(|error| BadSchema { name: name.to_owned(), reason: error.to_string() })
}

/// The components that a schema refers to, and those that they refer to. A validator keeps all that it is given: with the
/// whole document in each they took half of the memory of an idle server.
fn gather(schema: &Value, components: &Value, needed: &mut Map<String, Value>) {
    match schema {
        Value::Array(items) => items.iter().for_each(|item| gather(item, components, needed)),
        Value::Object(fields) => {
            let reference = fields.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix(SCHEMAS));
            if let Some(name) = reference.filter(|name| !needed.contains_key(*name))
                && let Some(found) = components.get("schemas").and_then(|schemas| schemas.get(name))
            {
                needed.insert(name.to_owned(), found.clone());
                gather(found, components, needed);
            }
            fields.values().for_each(|value| gather(value, components, needed));
        }
        _ => {}
    }
}
