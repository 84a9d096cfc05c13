//! What a change answers is what a look right after it finds: the same bytes under the same tag, so that nobody has to ask
//! again.

use std::collections::BTreeSet;

use serde_json::Value;
use thidua::{
    kit::http::{CallerKind, Verdict},
    openapi, operation_table,
};

use super::rights::{operations, world::World};

/// These make what is only found in a list, or is found without the secret that was shown once.
const LISTED_ONLY: [&str; 3] = ["create_app", "create_data_request", "create_own_data_request"];
/// This answers with the unit that goes on, not with the one that was asked to end.
const ANSWERS_WITH_ANOTHER: &str = "merge_unit";

/// Where a look finds what a change answers with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// At the same address.
    Here,
    /// At the address above: the change is a verb.
    Above,
    /// Where `Location` says.
    There,
}

fn schema_of<'d>(operation: &'d Value, status: &str) -> &'d Value {
    &operation["responses"][status]["content"]["application/json"]["schema"]["$ref"]
}

fn place_of(document: &Value, method: &str, path: &str, operation: &Value) -> Option<Place> {
    let has = |status: &str| operation["responses"].get(status).is_some();
    let answers_the_same = |path: &str| {
        let (found, made) = (schema_of(&document["paths"][path]["get"], "200"), schema_of(operation, "200"));
        found.is_string() && found == made
    };
    match method {
        "POST" if has("201") || has("202") => Some(Place::There),
        "POST" => path.rsplit_once('/').filter(|(above, _)| answers_the_same(above)).map(|_| Place::Above),
        "PATCH" | "PUT" if answers_the_same(path) => Some(Place::Here),
        _ => None,
    }
}

/// The operation that changes what is at this address.
fn patch_at<'d>(document: &'d Value, url: &str) -> Option<&'d str> {
    let fits = |path: &str| {
        path.split('/').count() == url.split('/').count()
            && path.split('/').zip(url.split('/')).all(|(one, other)| one.starts_with('{') || one == other)
    };
    let (_, item) = document["paths"].as_object().unwrap().iter().find(|(path, _)| fits(path))?;
    item["patch"]["operationId"].as_str()
}

#[actix_web::test]
async fn what_a_change_answers_is_what_is_found_then_under_the_same_tag() {
    let mut world = World::make().await;
    let document = openapi::document();
    let mut compared = BTreeSet::new();
    for (id, method, path, operation) in operations() {
        let Some(place) = place_of(&document, &method, &path, &operation) else { continue };
        if LISTED_ONLY.contains(&id.as_str()) || id == ANSWERS_WITH_ANOTHER {
            continue;
        }
        let row = operation_table::row(&id).unwrap();
        let persons = [CallerKind::Owner, CallerKind::Manager, CallerKind::Editor, CallerKind::Admin];
        for (kind, _) in CallerKind::ALL.into_iter().zip(row.verdicts).filter(|(_, verdict)| *verdict == Verdict::Yes) {
            if !persons.contains(&kind) {
                continue;
            }
            let call = world.call(&id, &path).await;
            let made = world.send(&method, &call, kind, None).await;
            assert!((200..300).contains(&made.status), "{id} as {kind:?}: {} {}", made.status, made.text());
            let url = match place {
                Place::Here => call.url.clone(),
                Place::Above => call.url.rsplit_once('/').unwrap().0.to_owned(),
                Place::There => made.header("location").unwrap().to_owned(),
            };

            let look = world.look(&url);
            let found = world.send("GET", &look, kind, None).await;

            assert_eq!((found.status, found.text()), (200, made.text()), "{id} as {kind:?}");
            let tag = made.header("etag").unwrap();
            assert_eq!(found.header("etag"), Some(tag), "{id} as {kind:?}");
            let known = world.send_with("GET", &look, kind, None, &[("If-None-Match", tag)]).await;
            assert_eq!(known.status, 304, "{id} as {kind:?}");
            if let Some(patch) = patch_at(&document, &url) {
                let change = world.change_of(patch, &url).await;
                let changed = world.send_with("PATCH", &change, kind, None, &[("If-Match", tag)]).await;
                assert_ne!(changed.status, 412, "{id}, then {patch} as {kind:?}");
            }
            compared.insert(id.clone());
        }
    }
    let least = ["create_member", "update_member", "update_me", "create_checkin", "verify_checkin", "launch_campaign"];
    assert!(least.iter().all(|id| compared.contains(*id)), "{compared:?}");
}
