//! Sweeps over the OpenAPI document: what holds for every operation, so that nobody has to remember to test it.

use actix_web::http::Method;
use serde_json::{Value, json};
use thidua::openapi;

use crate::harness::{Answer, Request, TestApp};

struct Operation {
    id: String,
    method: Method,
    path: String,
    raw: Value,
}

fn operations() -> Vec<Operation> {
    openapi::operations(&openapi::document())
        .map(|(path, method, operation)| Operation {
            id: operation["operationId"].as_str().unwrap().to_owned(),
            method: method.to_uppercase().parse().unwrap(),
            path: path.clone(),
            raw: operation.clone(),
        })
        .collect()
}

impl Operation {
    /// The address with ids that nothing has.
    fn url(&self) -> String {
        let mut url = String::new();
        for part in self.path.split_inclusive(['{', '}']) {
            match part.strip_suffix('}') {
                Some(_) => url.push_str(&uuid::Uuid::now_v7().to_string()),
                None => url.push_str(part.trim_end_matches('{')),
            }
        }
        url
    }

    fn is_public(&self) -> bool {
        self.raw["security"].as_array().unwrap().iter().all(|one| one == &json!({}))
    }

    fn is_ours(&self) -> bool {
        self.path.starts_with("/v1/")
    }

    fn has_json_body(&self) -> bool {
        let content = &self.raw["requestBody"]["content"];
        content.get("application/json").is_some() || content.get("application/merge-patch+json").is_some()
    }

    fn send(&self, app: &TestApp) -> Request {
        app.request(self.method.clone(), self.url())
    }
}

#[actix_web::test]
async fn every_operation_without_a_token_is_a_401_unless_it_is_public() {
    let app = TestApp::start().await;
    let mut public = Vec::new();
    for operation in operations() {
        if operation.is_public() {
            public.push(operation.id);
            continue;
        }
        let answer = operation.send(&app).json(json!({})).await;
        assert_eq!(answer.status, 401, "{}", operation.id);
        answer.is_problem(401, "unauthorized");
        assert!(answer.header("www-authenticate").is_some());
    }
    public.sort();
    assert_eq!(
        public,
        [
            "create_token",
            "explain_problem",
            "find_activity",
            "find_authorization_server",
            "find_avatar",
            "find_health",
            "find_readiness",
            "list_activities",
            "list_keys",
            "list_metrics",
            "receive_mini_app_event",
            "refresh_session",
            "revoke_token",
            "show_sign_in",
            "sign_in",
            "sign_in_with_zalo",
        ]
    );
}

#[actix_web::test]
async fn every_wrong_verb_is_a_405_that_names_the_right_ones() {
    let app = TestApp::start().await;
    for operation in operations() {
        let answer = app.request(Method::TRACE, operation.url()).await;
        answer.is_problem(405, "method_not_allowed");
        assert!(answer.header("allow").unwrap().contains(operation.method.as_str()), "{}", operation.id);
    }
}

#[actix_web::test]
async fn every_unknown_field_is_a_422_with_its_pointer() {
    let app = TestApp::start().await;
    // What providers send is theirs to shape.
    let is_asked = |operation: &Operation| operation.has_json_body() && !operation.path.starts_with("/v1/hooks/");
    for operation in operations().into_iter().filter(is_asked) {
        let answer = operation.send(&app).caller(&app.admin).json(json!({"no_such_field": 1})).await;
        let problem = answer.is_problem(422, "invalid_input");
        let errors = problem["errors"].as_array().unwrap();
        let is_named =
            errors.iter().any(|error| error["pointer"] == "/no_such_field" && error["code"] == "unknown_field");
        assert!(is_named, "{}: {problem}", operation.id);
    }
}

#[actix_web::test]
async fn every_unknown_parameter_is_a_422_that_names_it() {
    let app = TestApp::start().await;
    let takes_query = |operation: &Operation| {
        operation.raw["parameters"].as_array().is_some_and(|all| all.iter().any(|one| one["in"] == "query"))
            && operation.is_ours()
    };
    for operation in operations().into_iter().filter(takes_query) {
        let url = format!("{}?no_such_parameter=1", operation.url());
        let problem =
            app.request(operation.method.clone(), url).caller(&app.admin).await.is_problem(422, "invalid_input");
        assert_eq!(problem["errors"][0]["parameter"], "no_such_parameter", "{}", operation.id);
    }
}

#[actix_web::test]
async fn every_unknown_id_is_a_404() {
    let app = TestApp::start().await;
    // With a body or query of its own these would say first what is wrong with it.
    let is_plain = |operation: &Operation| {
        operation.path.contains('{') && (!operation.has_json_body() || takes_nothing(operation))
    };
    for operation in operations().into_iter().filter(is_plain) {
        let request = operation.send(&app).caller(&app.admin);
        let answer: Answer = if operation.has_json_body() { request.json(json!({})).await } else { request.await };
        assert_eq!(answer.status, 404, "{}: {}", operation.id, answer.text());
        answer.is_problem(404, "not_found");
    }
}

fn takes_nothing(operation: &Operation) -> bool {
    operation.raw["requestBody"]["content"]["application/json"]["schema"]["$ref"] == "#/components/schemas/NoFields"
}

#[actix_web::test]
async fn every_list_obeys_limit_and_cursor() {
    let app = TestApp::start().await;
    let unit = app.unit("Đảng bộ").await;
    for _ in 0..3 {
        app.member_of(&unit).await;
        app.campaign_of(&unit).await;
    }
    let is_list = |operation: &Operation| {
        operation.raw["responses"]["200"].to_string().contains("Listed_") && !operation.path.contains('{')
    };
    for operation in operations().into_iter().filter(is_list) {
        let ask = |query: &str| app.get(format!("{}{query}", operation.path)).caller(&app.admin);
        let page = ask("?limit=1").await.expect(200);
        assert!(page["items"].as_array().unwrap().len() <= 1, "{}", operation.id);
        assert!(page.as_object().unwrap().contains_key("next_cursor"), "{}", operation.id);
        ask("?limit=0").await.has_faults(&[("limit", "out_of_range")]);
        ask("?limit=101").await.has_faults(&[("limit", "out_of_range")]);
        ask("?cursor=bm90IG91cnM").await.is_problem(400, "invalid_cursor");
    }
}

#[actix_web::test]
async fn every_problem_is_worded_in_both_languages() {
    let app = TestApp::start().await;
    for operation in operations().into_iter().filter(|operation| !operation.is_public()) {
        let vietnamese = operation.send(&app).json(json!({})).await.is_problem(401, "unauthorized");
        let english =
            operation.send(&app).header("Accept-Language", "en").json(json!({})).await.is_problem(401, "unauthorized");
        assert_ne!(vietnamese["detail"], english["detail"], "{}", operation.id);
    }
}
