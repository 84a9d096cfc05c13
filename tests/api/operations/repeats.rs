//! `Idempotency-Key`, wherever the document names it.

use std::collections::BTreeSet;

use serde_json::Value;
use thidua::{
    kit::http::{CallerKind, Repeat, Verdict},
    operation_table::{self, TABLE},
};

use super::rights::{operations, world::World};

const KEY: &str = "Idempotency-Key";

fn takes_key(operation: &Value) -> bool {
    operation["parameters"].as_array().into_iter().flatten().any(|one| one["name"] == KEY)
}

/// A person who may do this.
fn somebody(operation: &str) -> CallerKind {
    let row = operation_table::row(operation).unwrap();
    let may = |(kind, verdict): &(CallerKind, Verdict)| *verdict == Verdict::Yes && *kind != CallerKind::Anonymous;
    CallerKind::ALL.into_iter().zip(row.verdicts).find(may).unwrap().0
}

#[actix_web::test]
async fn the_same_request_under_the_same_key_gets_the_first_answer_again() {
    let mut world = World::make().await;
    for (id, method, path, _) in operations().into_iter().filter(|(.., operation)| takes_key(operation)) {
        world.give_delivery_up();
        let (call, kind) = (world.call(&id, &path).await, somebody(&id));

        let first = world.send_with(&method, &call, kind, None, &[(KEY, &id)]).await;
        let again = world.send_with(&method, &call, kind, None, &[(KEY, &id)]).await;

        assert!((200..300).contains(&first.status), "{id} as {kind:?}: {} {}", first.status, first.text());
        assert_eq!((again.status, &again.body), (first.status, &first.body), "{id}");
        assert_eq!(
            (first.header("idempotent-replayed"), again.header("idempotent-replayed")),
            (None, Some("true")),
            "{id}"
        );
        assert_eq!(again.header("etag"), first.header("etag"), "{id}");
    }
}

#[test]
fn a_post_that_takes_no_key_says_why() {
    let posts = operations().into_iter().filter(|(_, method, path, _)| method == "POST" && path.starts_with("/v1/"));
    let (with, without): (Vec<_>, Vec<_>) = posts.partition(|(.., operation)| takes_key(operation));

    assert!(!with.is_empty());
    let without_key: BTreeSet<&str> = without.iter().map(|(id, ..)| id.as_str()).collect();
    let ignoring = TABLE.iter().filter(|row| matches!(row.repeat, Repeat::KeyIgnored(_)));
    assert_eq!(without_key, ignoring.map(|row| row.id).collect());
    for (id, _, _, operation) in &without {
        let description = operation["description"].as_str().unwrap();
        assert!(description.contains("`Idempotency-Key` has no effect here: "), "{id}");
    }
    let elsewhere =
        operations().into_iter().filter(|(_, method, path, _)| method != "POST" || !path.starts_with("/v1/"));
    assert_eq!(elsewhere.filter(|(.., operation)| takes_key(operation)).count(), 0);
}
