//! What came back, and what tests ask of it.

use actix_web::{
    http::{StatusCode, header::HeaderMap},
    web::Bytes,
};
use serde_json::Value;

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn new(status: StatusCode, headers: HeaderMap, body: Bytes) -> Self {
        Self { status: status.as_u16(), headers, body }
    }

    /// The body as JSON; fails the test unless the status is this one.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// Fails the test unless it went well.
    #[track_caller]
    pub fn expect_ok(&self) {
        assert_eq!(self.status, 200, "{}", self.text());
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// A problem document of that status and code, complete.
    #[track_caller]
    pub fn is_problem(&self, status: u16, code: &str) -> Value {
        let problem = self.expect(status);
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status);
        assert_eq!(problem["type"], format!("/problems/{code}"));
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(problem["request_id"].as_str(), self.header("x-request-id"));
        assert!(problem["title"].as_str().is_some_and(|title| !title.is_empty()));
        let details = problem["errors"].as_array().into_iter().flatten().map(|fault| &fault["detail"]);
        for detail in details.chain([&problem["detail"]]) {
            assert!(detail.as_str().is_some_and(|detail| !detail.is_empty() && !has_blank(detail)), "{problem}");
        }
        problem
    }

    /// A 422 that names exactly these faults: (pointer or parameter, code), in any order.
    #[track_caller]
    pub fn has_faults(&self, expected: &[(&str, &str)]) {
        let problem = self.is_problem(422, "invalid_input");
        let mut found: Vec<(String, String)> = problem["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|fault| {
                let place = fault["pointer"].as_str().or(fault["parameter"].as_str()).unwrap();
                (place.to_owned(), fault["code"].as_str().unwrap().to_owned())
            })
            .collect();
        found.sort();
        let mut expected: Vec<_> =
            expected.iter().map(|(place, code)| ((*place).to_owned(), (*code).to_owned())).collect();
        expected.sort();
        assert_eq!(found, expected, "{problem}");
    }
}

/// Does a text have a `{name}` that nothing was put in for?
pub fn has_blank(text: &str) -> bool {
    let mut inside = text.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    inside.any(|(name, _)| !name.is_empty() && name.bytes().all(|letter| letter.is_ascii_lowercase() || letter == b'_'))
}
