mod activities;
#[expect(clippy::module_inception, reason = "the tests of `/v1/feed`, in the room of the same name")]
mod feed;

use sea_orm::EntityTrait as _;
use serde_json::{Value, json};
use thidua::entity::outbox_event;

use crate::harness::{Person, TestApp, Unit};

/// Writes and publishes an activity with that title, and `more` fields; gives its id. Each is a second newer than the last.
pub async fn published(app: &TestApp, unit: &Unit, title: &str, more: Value) -> String {
    let id = drafted(app, &app.admin, unit, title, more).await;
    app.clock.advance(chrono::Duration::seconds(1));
    app.post(format!("/v1/activities/{id}/publish")).caller(&app.admin).await.expect(200);
    id
}

pub async fn drafted(app: &TestApp, writer: &Person, unit: &Unit, title: &str, more: Value) -> String {
    let mut new = json!({"kind": "news", "unit_id": unit.id, "title": title, "body_markdown": "Nội dung"});
    new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let made = app.post("/v1/activities").caller(writer).json(new).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

/// A launched campaign, for this unit and all below it, or for everyone.
pub async fn campaign(app: &TestApp, of: &Unit, title: &str, audience: Option<&Unit>) -> String {
    let unit_ids: Vec<&str> = audience.into_iter().map(|unit| unit.id.as_str()).collect();
    let fields = json!({"title": title, "audience": {"unit_ids": unit_ids}});
    let campaign = app.draft_campaign(of, fields).await;
    app.post(format!("/v1/campaigns/{}/launch", campaign.id)).caller(&app.admin).json(json!({})).await.expect(200);
    campaign.id
}

/// The titles on a page.
pub fn titles(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap()).collect()
}

/// What waits in the outbox of that kind.
pub async fn events(app: &TestApp, kind: &str) -> Vec<Value> {
    let rows = outbox_event::Entity::find().all(app.app.db.reads()).await.unwrap();
    rows.into_iter().filter(|row| row.kind == kind).map(|row| row.payload).collect()
}
