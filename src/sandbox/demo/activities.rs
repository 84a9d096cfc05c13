//! The articles, published.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::{
    ids,
    material::{Article, Material},
    rows::Rows,
};
use crate::{
    entity::{activity, activity_revision, activity_tag},
    feed::activities::to_html,
    kit::text::fold,
};

/// Adds them. What is dated later than `now` was published a few minutes ago, so that there is always something new.
pub fn add(rows: &mut Rows, material: &Material, now: DateTime<Utc>) {
    for (article, place) in material.activities.iter().zip(1..) {
        let published_at = article.published_at.min(now - TimeDelta::minutes(place));
        add_one(rows, article, published_at);
    }
}

fn add_one(rows: &mut Rows, article: &Article, published_at: DateTime<Utc>) {
    let id = ids::activity(&article.key, article.published_at);
    let editor = super::EDITOR.id();
    rows.activities.push(activity::Model {
        id,
        kind: article.kind.clone(),
        title: article.title.clone(),
        summary: article.summary.clone(),
        body_markdown: article.body_markdown.clone(),
        body_html: to_html(&article.body_markdown),
        folded_text: fold(&format!(
            "{} {} {} {}",
            article.title,
            article.summary,
            article.body_markdown,
            article.tags.join(" ")
        )),
        campaign_id: article.campaign.as_deref().map(ids::campaign),
        unit_id: ids::unit(&article.unit),
        tags: json!(article.tags),
        status: "published".to_owned(),
        is_pinned: article.pinned,
        published_at: Some(published_at),
        created_by: Some(editor),
        created_at: published_at,
        version: 1,
    });
    let tags: BTreeSet<String> = article.tags.iter().map(|tag| fold(tag)).collect();
    rows.activity_tags.extend(tags.into_iter().map(|tag| activity_tag::Model { activity_id: id, tag }));
    rows.activity_revisions.push(activity_revision::Model {
        activity_id: id,
        number: 1,
        content: json!({
            "kind": article.kind, "title": article.title, "summary": article.summary,
            "body_markdown": article.body_markdown, "campaign_id": article.campaign.as_deref().map(ids::campaign),
            "tags": article.tags, "pinned": article.pinned, "status": "published", "published_at": published_at,
        }),
        created_by: Some(editor),
        created_at: published_at,
    });
}
