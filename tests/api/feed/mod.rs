mod activities;
#[expect(clippy::module_inception, reason = "the tests of `/v1/feed`, in the room of the same name")]
mod feed;

use sea_orm::{ActiveValue::Set, EntityTrait as _};
use serde_json::{Value, json};
use thidua::{
    db::Actor,
    entity::{campaign, campaign_audience, outbox_event},
};
use uuid::Uuid;

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
    let id = Uuid::now_v7();
    let day = "2026-01-01".parse().unwrap();
    app.app
        .change_as(Actor::system(), async |tx| {
            let row = campaign::ActiveModel {
                id: Set(id),
                kind: Set("thematic".into()),
                title: Set(title.into()),
                folded_title: Set(title.to_lowercase()),
                status: Set("launched".into()),
                starts_on: Set(day),
                ends_on: Set("2026-12-31".parse().unwrap()),
                launched_by_unit_id: Set(of.id.parse().unwrap()),
                created_at: Set(tx.now()),
                version: Set(1),
                ..Default::default()
            };
            campaign::Entity::insert(row).exec_without_returning(tx).await?;
            if let Some(unit) = audience {
                let row = campaign_audience::ActiveModel {
                    id: Set(Uuid::now_v7()),
                    campaign_id: Set(id),
                    unit_id: Set(Some(unit.id.parse().unwrap())),
                    ..Default::default()
                };
                campaign_audience::Entity::insert(row).exec_without_returning(tx).await?;
            }
            Ok(())
        })
        .await
        .unwrap();
    id.to_string()
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
