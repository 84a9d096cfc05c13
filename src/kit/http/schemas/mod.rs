//! The OpenAPI document is the validator: what is documented and what is accepted cannot differ. One compiled shape for
//! each body and each set of query parameters, made once at start.

use std::{collections::HashMap, sync::Arc};

use serde_json::{Map, Value, json};

use crate::kit::problems::{
    codes::FaultCode,
    faults::{Fault, Faults, Place},
};

pub mod scalar;
pub mod shape;

use scalar::Scalar;
use shape::{Compiler, Shape};

const SCHEMAS: &str = "#/components/schemas/";
/// The media types of bodies that are read by their schemas; forms are read by their handlers.
const JSON: [&str; 2] = ["application/json", "application/merge-patch+json"];

/// The schemas of what comes in, compiled.
pub struct Schemas {
    bodies: HashMap<String, Arc<Shape>>,
    queries: HashMap<String, Parameters>,
}

/// The query parameters of one operation.
pub struct Parameters {
    by_name: HashMap<String, Scalar>,
    required: Vec<String>,
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
        let nothing = json!({});
        let components = document.get("components").unwrap_or(&nothing);
        let mut compiler = Compiler::new(components);
        let mut schemas = Self { bodies: HashMap::new(), queries: HashMap::new() };
        schemas.add_parts(&mut compiler, components)?;
        let operations = document.get("paths").and_then(Value::as_object).into_iter().flatten();
        for operation in
            operations.flat_map(|(_, item)| item.as_object().into_iter().flatten()).map(|(_, operation)| operation)
        {
            schemas.add_bodies(&mut compiler, operation)?;
            schemas.add_query(&mut compiler, operation)?;
        }
        Ok(schemas)
    }

    /// What comes in inside of something else: every object that takes no unknown fields.
    fn add_parts(&mut self, compiler: &mut Compiler<'_>, components: &Value) -> Result<(), BadSchema> {
        for (name, schema) in components.get("schemas").and_then(Value::as_object).into_iter().flatten() {
            if schema.get("additionalProperties") == Some(&Value::Bool(false)) {
                self.add_body(compiler, name)?;
            }
        }
        Ok(())
    }

    fn add_bodies(&mut self, compiler: &mut Compiler<'_>, operation: &Value) -> Result<(), BadSchema> {
        let content = operation.pointer("/requestBody/content").and_then(Value::as_object).into_iter().flatten();
        for (_, media) in content.filter(|(media_type, _)| JSON.contains(&media_type.as_str())) {
            let reference = media.pointer("/schema/$ref").and_then(Value::as_str).unwrap_or_default();
            let Some(name) = reference.strip_prefix(SCHEMAS) else { continue };
            self.add_body(compiler, name)?;
        }
        Ok(())
    }

    fn add_body(&mut self, compiler: &mut Compiler<'_>, name: &str) -> Result<(), BadSchema> {
        if !self.bodies.contains_key(name) {
            let shape = compiler.component(name).map_err(|reason| BadSchema { name: name.to_owned(), reason })?;
            self.bodies.insert(name.to_owned(), shape);
        }
        Ok(())
    }

    fn add_query<'d>(&mut self, compiler: &mut Compiler<'d>, operation: &'d Value) -> Result<(), BadSchema> {
        let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default();
        let parameters = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
        let mut of_query = Parameters { by_name: HashMap::new(), required: Vec::new() };
        for parameter in parameters.filter(|parameter| parameter.get("in").and_then(Value::as_str) == Some("query")) {
            let (Some(name), Some(schema)) = (parameter.get("name").and_then(Value::as_str), parameter.get("schema"))
            else {
                continue;
            };
            let bad = |reason| BadSchema { name: format!("{id}, {name}"), reason };
            of_query.by_name.insert(name.to_owned(), compiler.scalar(schema).map_err(bad)?);
            if parameter.get("required").and_then(Value::as_bool) == Some(true) {
                of_query.required.push(name.to_owned());
            }
        }
        self.queries.insert(id.to_owned(), of_query);
        Ok(())
    }

    /// What a body of the schema of that name looks like; none when there is no such schema.
    pub fn body(&self, name: &str) -> Option<&Shape> {
        self.bodies.get(name).map(Arc::as_ref)
    }

    /// The query parameters of an operation.
    pub fn query(&self, operation: &str) -> Option<&Parameters> {
        self.queries.get(operation)
    }
}

impl Parameters {
    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// The pairs of a query string as one JSON object, each in the type that its schema has and its text in its form; every
    /// fault is added. None of them is a list, so that one given twice has no meaning.
    pub fn read(&self, pairs: &[(String, String)], faults: &mut Faults) -> Map<String, Value> {
        let mut object = Map::new();
        for (name, text) in pairs {
            if faults.has_more() {
                break;
            }
            let Some(scalar) = self.by_name.get(name) else {
                faults.add(Fault::parameter(name.as_str(), FaultCode::UnknownField));
                continue;
            };
            if object.contains_key(name) {
                faults.add(Fault::parameter(name.as_str(), FaultCode::Duplicate));
                continue;
            }
            let value = scalar.parameter(text, |(code, values)| {
                faults.add(Fault { place: Place::Query(name.clone()), code, values });
            });
            object.insert(name.clone(), value);
        }
        for name in self.required.iter().filter(|name| !object.contains_key(*name)) {
            faults.add(Fault::parameter(name.as_str(), FaultCode::Missing));
        }
        object
    }
}
