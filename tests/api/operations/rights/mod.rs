//! Every operation, called as everybody: what comes back is what the table of rights says.

mod hidden;
pub mod world;

use std::collections::BTreeSet;

use serde_json::Value;
use thidua::{
    kit::http::{CallerKind, Verdict},
    openapi::{self, callers},
    operation_table::{self, TABLE},
};

use crate::harness::Answer;
use world::World;

/// The same on every request, so that two answers can be the same bytes.
const REQUEST_ID: &str = "the-same-each-time";

pub fn operations() -> Vec<(String, String, String, Value)> {
    let document = openapi::document();
    openapi::operations(&document)
        .map(|(path, method, operation)| {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            (id, method.to_uppercase(), path.clone(), operation.clone())
        })
        .collect()
}

#[test]
fn every_operation_has_its_row_and_every_row_its_operation() {
    let described: BTreeSet<String> = operations().into_iter().map(|(id, ..)| id).collect();
    let listed: BTreeSet<String> = TABLE.iter().map(|row| row.id.to_owned()).collect();

    assert_eq!(described.difference(&listed).collect::<Vec<_>>(), Vec::<&String>::new(), "operations without a row");
    assert_eq!(listed.difference(&described).collect::<Vec<_>>(), Vec::<&String>::new(), "rows without an operation");
    assert_eq!(listed.len(), TABLE.len(), "a row stands twice");
}

#[test]
fn the_document_says_what_the_table_says() {
    for (id, _, _, operation) in operations() {
        let row = operation_table::row(&id).unwrap();
        assert_eq!(operation["security"], callers::security(row), "{id}");
        assert!(operation["description"].as_str().unwrap().contains(&callers::words(row)), "{id}");
    }
}

#[actix_web::test]
async fn every_operation_lets_through_whom_the_table_lets() {
    let mut world = World::make().await;
    let (mut differences, mut refused) = (Vec::new(), BTreeSet::new());
    for (id, method, path, _) in operations() {
        let row = operation_table::row(&id).unwrap();
        let mut call = world.call(&id, &path).await;
        for (kind, expected) in CallerKind::ALL.into_iter().zip(row.verdicts) {
            let answer = world.send(&method, &call, kind, row.scope).await;
            let found = verdict_of(&id, &answer);
            if found == Some(Verdict::Yes) && answer.status >= 400 {
                refused.insert(id.clone());
            }
            if found != Some(expected) {
                differences.push(format!("{id} as {kind:?}: {expected:?} expected, but {}", shown(&answer)));
            }
            if answer.status < 300 && method != "GET" {
                call = world.call(&id, &path).await;
            }
            if expected == Verdict::Hidden && path.contains('{') {
                let absent = world.send(&method, &world.absent(&call, &path), kind, row.scope).await;
                if (absent.status, &absent.body) != (answer.status, &answer.body) {
                    differences.push(format!(
                        "{id} as {kind:?}: hidden {} is not absent {}",
                        shown(&answer),
                        shown(&absent)
                    ));
                }
            }
        }
    }
    assert!(differences.is_empty(), "{} cells differ:\n{}", differences.len(), differences.join("\n"));
    let listed: BTreeSet<String> = PROVE.iter().chain(&REFUSED_FURTHER_ON).map(|&id| id.to_owned()).collect();
    assert_eq!(listed, refused, "nothing stands in the lists without need");
}

/// These ask who somebody is, or which app sends them, and are told nothing that proves it: refused for that, a call was let
/// through.
const PROVE: [&str; 6] =
    ["sign_in_with_zalo", "refresh_session", "show_sign_in", "sign_in", "create_token", "revoke_token"];

/// These are refused further on, for what the world has no way to make right on each call: a password, a code, a state.
const REFUSED_FURTHER_ON: [&str; 4] = ["confirm_totp", "delete_totp", "update_password", "retry_delivery"];

/// Whom a call is refused to is told by the problem's code. A call that was let through succeeds, except where it stands
/// above. None: it is neither.
fn verdict_of(operation: &str, answer: &Answer) -> Option<Verdict> {
    match answer.status {
        200..400 => Some(Verdict::Yes),
        401 if answer.json()["code"] == "unauthorized" => Some(Verdict::SignIn),
        400 | 401 | 422 if PROVE.contains(&operation) => Some(Verdict::Yes),
        403 => Some(Verdict::No),
        404 => Some(Verdict::Hidden),
        409 | 412 | 415 | 422 if REFUSED_FURTHER_ON.contains(&operation) => Some(Verdict::Yes),
        _ => None,
    }
}

fn shown(answer: &Answer) -> String {
    format!("{} {}", answer.status, answer.text().chars().take(200).collect::<String>())
}

/// A person's column in the table.
fn is_app(kind: CallerKind) -> bool {
    matches!(kind, CallerKind::App | CallerKind::AppWithout)
}
