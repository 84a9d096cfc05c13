//! The articles, published.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    ids,
    material::{Article, Material},
    rows::Rows,
};
use crate::{
    feed::activities::{Activity, ActivityStatus, to_html},
    kit::values::{MemberId, UnitId},
};

/// Adds them. What is dated later than `now` was published a few minutes ago, so that there is always something new.
pub fn add(rows: &mut Rows, material: &Material, now: DateTime<Utc>) {
    for (article, place) in material.activities.iter().zip(1..) {
        let published_at = article.published_at.min(now - TimeDelta::minutes(place));
        rows.activities.push(published(article, published_at));
    }
}

fn published(article: &Article, published_at: DateTime<Utc>) -> Activity {
    Activity {
        id: ids::activity(&article.key, article.published_at),
        kind: article.kind,
        title: article.title.clone(),
        summary: article.summary.clone(),
        body_markdown: article.body_markdown.clone(),
        body_html: to_html(&article.body_markdown),
        campaign_id: article.campaign.as_deref().map(ids::campaign),
        unit_id: UnitId(ids::unit(&article.unit)),
        tags: article.tags.clone(),
        status: ActivityStatus::Published,
        is_pinned: article.pinned,
        publish_at: None,
        published_at: Some(published_at),
        created_by: Some(MemberId(super::EDITOR.id())),
        version: 1,
    }
}
