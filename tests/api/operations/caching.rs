//! What may be kept of each answer: tokens, exports and other people's personal data are not stored.

use serde_json::json;
use thidua::{
    kit::http::{CallerKind, Kept},
    operation_table::row,
};

use super::rights::{operations, world::World};

/// Refused without a sign-in that is asked for rightly.
const PROVES: &str = "show_sign_in";
/// What a phone asks for each time it is opened: it keeps the answers and hears that they still hold.
const ASKED_AGAIN: [&str; 4] = ["find_me", "find_unread_count", "list_feed", "list_notifications"];

#[actix_web::test]
async fn every_answer_says_who_may_keep_it() {
    let mut world = World::make().await;
    for (id, method, path, _) in operations() {
        let call = world.call(&id, &path).await;

        let answer = world.send(&method, &call, CallerKind::Admin, None).await;

        let said = answer.header("cache-control").unwrap_or_else(|| panic!("{id} says nothing"));
        let kept = if method == "GET" && answer.status < 400 { row(&id).unwrap().kept } else { Kept::Never };
        match kept.header() {
            Some(words) => assert_eq!(said, words, "{id} {}", answer.status),
            None => assert!(said.contains("max-age="), "{id}: {said}"),
        }
        assert!(answer.status < 300 || method != "GET" || id == PROVES, "{id}: {}", answer.text());
        if ASKED_AGAIN.contains(&id.as_str()) {
            assert_eq!(kept, Kept::ByReader, "{id}");
            let tag = answer.header("etag").unwrap_or_else(|| panic!("{id} has no tag")).to_owned();
            let (looked, seen) = (world.look(&call.url), [("If-None-Match", tag.as_str())]);
            let again = world.send_with("GET", &looked, CallerKind::Admin, None, &seen).await;
            assert_eq!((again.status, again.header("cache-control")), (304, kept.header()), "{id}");
        }
    }
}

#[actix_web::test]
async fn what_holds_a_secret_is_not_stored_by_anybody() {
    let mut world = World::make().await;
    let secrets =
        ["sign_in_with_zalo", "refresh_session", "create_token", "create_app", "rotate_app_secret", "create_totp"];
    for (id, method, path, _) in operations().into_iter().filter(|(id, ..)| secrets.contains(&id.as_str())) {
        let call = world.call(&id, &path).await;

        let answer = world.send(&method, &call, CallerKind::Admin, None).await;

        assert_eq!(answer.header("cache-control"), Some("no-store"), "{id}");
    }
    let other = world.persons["colleague"].clone();
    let profile = world.app.get(format!("/v1/members/{}", other.id)).caller(&world.app.admin).await;
    assert_eq!((profile.status, profile.header("cache-control")), (200, Some("no-store")));
    // It is not to be stored, and yet says what a change is of.
    let tag = profile.header("etag").unwrap().to_owned();
    let patch = |name: &str| {
        let body = json!({"display_name": name});
        let url = format!("/v1/members/{}", other.id);
        world.app.patch(url).caller(&world.app.admin).header("If-Match", &tag).json(body)
    };
    patch("Trần Văn Mới").await.expect(200);
    patch("Trần Văn Khác").await.is_problem(412, "precondition_failed");
}
