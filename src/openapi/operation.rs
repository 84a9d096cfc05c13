//! What every operation has besides its own: who may call it, its headers, the problems that it can answer with.

use serde_json::{Value, json};

use super::{callers, responses::complete_responses};
use crate::{
    kit::{
        http::{Operation, Repeat, Takes, Verdict},
        problems::Code,
    },
    operation_table,
};

/// Completes an operation of this path and method.
pub fn complete_operation(path: &str, method: &str, operation: &mut Value) {
    // A test names an operation without a row; without one it is described as if it had no peculiarity.
    let row = operation.get("operationId").and_then(Value::as_str).and_then(operation_table::row);
    let row = row.copied().unwrap_or(Operation::new("", None, [Verdict::No; 11]));
    describe_callers(operation, &row);
    let is_ours = path.starts_with("/v1/");
    let is_public =
        operation.get("security").and_then(Value::as_array).is_none_or(|all| all.iter().all(|one| one == &json!({})));
    let has_path = path.contains('{');
    let has_cursor = operation.to_string().contains("next_cursor");
    let has_body = operation.get("requestBody").is_some();
    let takes_version = row.is_conditional;
    let takes_key = row.repeat == Repeat::ByKey;
    add_header_parameters(operation, takes_key, takes_version);
    if row.takes == Takes::MergePatch {
        offer_merge_patch(operation);
    }
    let mut common: Vec<Code> = vec![Code::TooManyRequests, Code::InternalError, Code::Unavailable];
    if row.is_counted {
        common.push(Code::StorageFull);
        if method != "get" {
            common.push(Code::OutcomeUnknown);
        }
    }
    if is_ours {
        common.push(Code::NotAcceptable);
        if !is_public {
            common.extend([Code::Unauthorized, Code::InvalidToken, Code::Forbidden]);
        }
        if operation.pointer("/security").is_some_and(|security| security.to_string().contains("\"app\"")) {
            common.push(Code::InsufficientScope);
        }
        if has_body {
            common.extend([
                Code::InvalidJson,
                Code::BodyTooSlow,
                Code::BodyTooLarge,
                Code::UnsupportedMediaType,
                Code::InvalidInput,
            ]);
        }
        if has_cursor {
            common.push(Code::InvalidCursor);
        }
        if takes_key {
            let under_a_key = [Code::RequestInFlight, Code::AnswerGone, Code::IdempotencyKeyReused];
            common.push(Code::InvalidIdempotencyKey);
            common.extend(under_a_key);
        }
        if takes_version {
            common.push(Code::PreconditionFailed);
        }
    }
    if has_body {
        common.push(Code::UnsupportedCoding);
    }
    if row.is_query_strict {
        common.push(Code::InvalidInput);
    }
    if has_path {
        common.push(Code::NotFound);
    }
    complete_responses(operation, &common);
    add_common_headers(operation, row.is_counted, takes_key);
}

/// Says who may call, and where a key has no effect.
fn describe_callers(operation: &mut Value, row: &Operation) {
    let description = operation.get("description").and_then(Value::as_str).unwrap_or_default();
    let mut description = format!("{description}\n\n**Who may call:** {}.", callers::words(row)).trim().to_owned();
    if let Repeat::KeyIgnored(reason) = row.repeat {
        description.push_str(&format!("\n\n`Idempotency-Key` has no effect here: {reason}."));
    }
    operation["description"] = description.into();
    operation["security"] = callers::security(row);
}

/// A patch is a JSON Merge Patch (RFC 7396), under its own media type or plainly as JSON.
fn offer_merge_patch(operation: &mut Value) {
    let content = operation.pointer_mut("/requestBody/content").and_then(Value::as_object_mut);
    if let Some(content) = content
        && let Some(body) = content.values().next().cloned()
    {
        for media_type in ["application/json", "application/merge-patch+json"] {
            content.insert(media_type.to_owned(), body.clone());
        }
    }
}

fn add_common_headers(operation: &mut Value, is_counted: bool, takes_key: bool) {
    let responses = operation.get_mut("responses").and_then(Value::as_object_mut);
    for (status, response) in responses.into_iter().flatten() {
        let headers = &mut response["headers"];
        if is_counted {
            headers["RateLimit"] = json!({"$ref": "#/components/headers/RateLimit"});
            headers["RateLimit-Policy"] = json!({"$ref": "#/components/headers/RateLimitPolicy"});
        }
        if takes_key && status.starts_with('2') {
            headers["Idempotent-Replayed"] = json!({"$ref": "#/components/headers/IdempotentReplayed"});
        }
    }
}

fn add_header_parameters(operation: &mut Value, takes_key: bool, takes_version: bool) {
    let mut parameters = operation.get("parameters").and_then(Value::as_array).cloned().unwrap_or_default();
    if takes_key {
        parameters.push(json!({"name": "Idempotency-Key", "in": "header", "required": false,
            "description": "A key of your own making. The same key and body get the first answer again for 24 hours; another body is refused.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255}}));
    }
    if takes_version {
        parameters.push(json!({"name": "If-Match", "in": "header", "required": false,
            "description": "The `ETag` you have read. When somebody has changed it since, the answer is 412; without this header the change acts on what is there.",
            "schema": {"type": "string"}}));
    }
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
}
