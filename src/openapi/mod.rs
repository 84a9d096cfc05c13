//! The OpenAPI document: made from the handlers themselves, so that no route is without its description, and completed here
//! with what is the same everywhere. Making it needs no database.

#![expect(
    clippy::indexing_slicing,
    reason = "assigning to a key that a JSON object lacks makes it; the document is ours"
)]

pub mod callers;
pub mod console;
mod operation;
mod responses;
mod words;

use serde_json::{Value, json};
use utoipa::OpenApi;
use utoipa_actix_web::AppExt as _;

use crate::{
    campaigns::checkins::BatchedCheckin,
    kit::problems::{FaultDocument, ProblemDocument},
    routes,
};

use operation::complete_operation;
use words::{DESCRIPTION, TAGS, headers, security_schemes};

#[derive(OpenApi)]
#[openapi(components(schemas(ProblemDocument, FaultDocument, BatchedCheckin)))]
struct Base;

/// The whole document.
pub fn document() -> Value {
    let (_, collected) =
        actix_web::App::new().into_utoipa_app().openapi(Base::openapi()).configure(routes::configure).split_for_parts();
    let mut document = serde_json::to_value(&collected).unwrap_or_default();
    complete(&mut document);
    document
}

/// The document as it is exported and served.
pub fn text(document: &Value) -> String {
    serde_json::to_string_pretty(document).unwrap_or_default() + "\n"
}

/// One operation a line, for review: method, path, operation, tag.
pub fn route_list(document: &Value) -> String {
    let mut lines: Vec<String> = operations(document)
        .map(|(path, method, operation)| {
            let text =
                |pointer: &str| operation.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
            format!("{:<7} {path} {} {}", method.to_uppercase(), text("/operationId"), text("/tags/0"))
        })
        .collect();
    lines.sort_by(|one, other| one.get(8..).cmp(&other.get(8..)).then_with(|| one.cmp(other)));
    lines.join("\n") + "\n"
}

/// Every operation with its path and its method.
pub fn operations(document: &Value) -> impl Iterator<Item = (&String, &String, &Value)> {
    document.get("paths").and_then(Value::as_object).into_iter().flatten().flat_map(|(path, item)| {
        item.as_object().into_iter().flatten().map(move |(method, operation)| (path, method, operation))
    })
}

fn complete(document: &mut Value) {
    document["info"] = json!({
        "title": "Thi Đua",
        "summary": "Emulation campaigns: pledges, check-ins, progress, news",
        "description": DESCRIPTION,
        "version": env!("CARGO_PKG_VERSION"),
        "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
    });
    document["servers"] = json!([{"url": "/", "description": "This server"}]);
    document["tags"] = TAGS.iter().map(|(name, about)| json!({"name": name, "description": about})).collect();
    document["components"]["securitySchemes"] = security_schemes();
    document["components"]["headers"] = headers();
    let items = document.get_mut("paths").and_then(Value::as_object_mut).into_iter().flatten();
    for (path, item) in items {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            complete_operation(path, method, operation);
        }
    }
}
