//! The answers of an operation: each problem by its code, with an example; the headers of each.

#![expect(
    clippy::indexing_slicing,
    reason = "assigning to a key that a JSON object lacks makes it; the document is ours"
)]

use serde_json::{Map, Value, json};

use crate::kit::{
    problems::{Code, Problem},
    values::Language,
};

/// Names codes by their responses: those that an operation names itself (`description = "code code"`) and the common ones.
pub fn complete_responses(operation: &mut Value, common: &[Code]) {
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    let mut codes: Vec<Code> = common.to_vec();
    let mut finished = Map::new();
    for (status, response) in responses.iter() {
        let description = response.get("description").and_then(Value::as_str).unwrap_or_default();
        let named: Vec<Code> = description
            .split(' ')
            .filter_map(|name| Code::ALL.iter().copied().find(|code| code.name() == name))
            .collect();
        if named.is_empty() {
            let mut response = response.clone();
            if description.is_empty() {
                response["description"] = success_words(status).into();
            }
            add_response_headers(status, &mut response);
            finished.insert(status.clone(), response);
        } else {
            codes.extend(named);
        }
    }
    for code in codes.iter().rev() {
        let status = code.status().to_string();
        let response = finished.entry(status.clone()).or_insert_with(|| problem_response(&status));
        add_code(response, *code);
    }
    *responses = finished;
}

fn success_words(status: &str) -> &'static str {
    match status {
        "201" => "Made",
        "202" => "Begun",
        "204" => "Done; there is nothing to say",
        _ => "As asked for",
    }
}

fn add_response_headers(status: &str, response: &mut Value) {
    let mut headers = json!({"X-Request-Id": {"$ref": "#/components/headers/XRequestId"}});
    if status == "200" || status == "201" {
        headers["ETag"] = json!({"$ref": "#/components/headers/ETag"});
    }
    if status == "201" {
        headers["Location"] = json!({"$ref": "#/components/headers/Location"});
    }
    if response.to_string().contains("Listed_") {
        headers["Link"] = json!({"$ref": "#/components/headers/Link"});
    }
    response["headers"] = headers;
}

fn problem_response(status: &str) -> Value {
    let mut headers = json!({"X-Request-Id": {"$ref": "#/components/headers/XRequestId"}});
    if status == "401" {
        headers["WWW-Authenticate"] = json!({"$ref": "#/components/headers/WwwAuthenticate"});
    }
    if ["429", "503", "507"].contains(&status) {
        headers["Retry-After"] = json!({"$ref": "#/components/headers/RetryAfter"});
    }
    json!({
        "description": "",
        "headers": headers,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}},
    })
}

fn add_code(response: &mut Value, code: Code) {
    let name = code.name();
    let mut words: Vec<String> = response["description"]
        .as_str()
        .unwrap_or_default()
        .split("\n\n")
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect();
    let example = Problem::example(code);
    let line = format!("`{name}`: {}", example.detail(Language::English));
    if !words.contains(&line) {
        words.push(line);
    }
    words.sort();
    response["description"] = words.join("\n\n").into();
    let example = example.worded(Language::Vietnamese, "019a1c5e-7b1f-7c3a-9d2e-5f6a7b8c9d0e");
    if let Some(examples) =
        response.pointer_mut("/content/application~1problem+json/examples").and_then(Value::as_object_mut)
    {
        examples.insert(name.to_owned(), json!({"summary": code.title(Language::English), "value": example}));
    }
}
