//! Activities on the wire.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Activity, ActivityKind, ActivityStatus, to_html};
use crate::{
    kit::{
        problems::{Fault, FaultCode, Faults, Problem},
        values::{
            ActivityId, CampaignId, MemberId, UnitId,
            clock::{cut, to_microseconds},
            patch::{given, given_or_empty, set},
            text::fold,
        },
    },
    organisation::units::UnitRef,
};

/// An activity to be written; it begins as a draft.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "kind": "news",
    "unit_id": "019a1c5e-7b1f-7c3a-9d2e-5f6a7b8c9d0e",
    "title": "Chi bộ Trường Cao đẳng Du lịch trồng 500 cây xanh",
    "summary": "Buổi sáng cuối tuần, 60 đảng viên và sinh viên cùng trồng cây quanh khuôn viên trường.",
    "body_markdown": "Từ sáng sớm, **60 đảng viên** đã có mặt…",
    "tags": ["cây xanh", "thanh niên"]
}))]
pub struct NewActivity {
    /// An id of your own making: any UUID (RFC 9562) but nil and max, best of version 7, which sorts by time. Made by the server
    /// when absent.
    pub id: Option<ActivityId>,
    /// What it tells of.
    pub kind: ActivityKind,
    /// The unit that publishes it, of which you are an editor.
    pub unit_id: UnitId,
    /// The campaign that it belongs to.
    pub campaign_id: Option<CampaignId>,
    /// Its headline.
    #[schema(min_length = 1, max_length = 300)]
    pub title: String,
    /// It in a sentence or two.
    #[serde(default)]
    #[schema(required = false, max_length = 1000, content_media_type = "text/plain")]
    pub summary: String,
    /// The article in markdown. HTML inside is sanitised.
    #[serde(default)]
    #[schema(required = false, max_length = 50_000, content_media_type = "text/markdown")]
    pub body_markdown: String,
    /// Words that it is found by.
    #[serde(default)]
    #[schema(required = false, max_items = 20)]
    pub tags: Vec<ActivityTag>,
    /// Does it stand before everything newer?
    #[serde(default)]
    #[schema(required = false)]
    pub pinned: bool,
}

/// Changes of an activity: absent is unchanged, null is cleared (a text or a list is empty then), a list replaces
/// the list.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"title": "Chi bộ Trường Cao đẳng Du lịch trồng 600 cây xanh", "pinned": true}))]
pub struct ActivityPatch {
    /// What it tells of.
    #[schema(nullable = false)]
    pub kind: Option<ActivityKind>,
    /// The campaign that it belongs to; null: none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<CampaignId>)]
    pub campaign_id: Option<Option<CampaignId>>,
    /// Its headline.
    #[schema(nullable = false, min_length = 1, max_length = 300)]
    pub title: Option<String>,
    /// It in a sentence or two.
    #[serde(default, deserialize_with = "given_or_empty")]
    #[schema(max_length = 1000, content_media_type = "text/plain")]
    pub summary: Option<String>,
    /// The article in markdown. HTML inside is sanitised.
    #[serde(default, deserialize_with = "given_or_empty")]
    #[schema(max_length = 50_000, content_media_type = "text/markdown")]
    pub body_markdown: Option<String>,
    /// Words that it is found by.
    #[serde(default, deserialize_with = "given_or_empty")]
    #[schema(max_items = 20)]
    pub tags: Option<Vec<ActivityTag>>,
    /// Does it stand before everything newer?
    #[schema(nullable = false)]
    pub pinned: Option<bool>,
    /// Of a scheduled one: when it is to be published; null: not until somebody publishes it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    pub publish_at: Option<Option<DateTime<Utc>>>,
}

/// When an activity is to be published.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"publish_at": "2026-03-26T00:00:00Z"}))]
pub struct PublishActivity {
    /// The moment, to the microsecond; absent, null or past: at once.
    #[serde(default, deserialize_with = "cut")]
    pub publish_at: Option<DateTime<Utc>>,
}

/// A word or two that an activity is found by.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(min_length = 1, max_length = 50, examples("chuyển đổi số"))]
pub struct ActivityTag(pub String);

/// Changes of an activity that make sense, with the article already made safe.
#[derive(Clone, Debug)]
pub struct Edit {
    pub(super) patch: ActivityPatch,
    body_html: Option<String>,
}

impl NewActivity {
    /// The draft, if everything is as it should be.
    pub fn parse(self, created_by: MemberId) -> Result<Activity, Problem> {
        check_tags(&self.tags)?;
        Ok(Activity {
            id: self.id.unwrap_or_default(),
            kind: self.kind,
            title: self.title,
            summary: self.summary,
            body_html: to_html(&self.body_markdown),
            body_markdown: self.body_markdown,
            campaign_id: self.campaign_id,
            unit_id: self.unit_id,
            tags: words(self.tags),
            status: ActivityStatus::Draft,
            is_pinned: self.pinned,
            publish_at: None,
            published_at: None,
            created_by: Some(created_by),
            version: 1,
        })
    }
}

impl ActivityPatch {
    /// The changes, if everything is as it should be.
    pub fn parse(self) -> Result<Edit, Problem> {
        check_tags(self.tags.as_deref().unwrap_or_default())?;
        let body_html = self.body_markdown.as_deref().map(to_html);
        Ok(Edit { patch: self, body_html })
    }
}

impl Edit {
    /// Changes the activity. One that is scheduled for a moment before `now` is due now.
    pub fn apply(self, activity: &mut Activity, now: DateTime<Utc>) {
        let patch = self.patch;
        set(&mut activity.kind, patch.kind);
        set(&mut activity.campaign_id, patch.campaign_id);
        set(&mut activity.title, patch.title);
        set(&mut activity.summary, patch.summary);
        set(&mut activity.body_markdown, patch.body_markdown);
        set(&mut activity.body_html, self.body_html);
        set(&mut activity.tags, patch.tags.map(words));
        set(&mut activity.is_pinned, patch.pinned);
        set(&mut activity.publish_at, patch.publish_at.map(|at| at.map(|at| to_microseconds(at).max(now))));
    }
}

fn words(tags: Vec<ActivityTag>) -> Vec<String> {
    tags.into_iter().map(|tag| tag.0).collect()
}

fn check_tags(tags: &[ActivityTag]) -> Result<(), Problem> {
    let (mut faults, mut seen) = (Faults::new(), HashSet::new());
    for (place, tag) in tags.iter().enumerate() {
        faults.add_if(!seen.insert(fold(&tag.0)), format_args!("/tags/{place}"), FaultCode::Duplicate);
    }
    faults.or(())
}

/// What there is no room for yet: always null, or an empty list.
#[derive(Clone, Debug, Serialize)]
pub enum NoneYet {}

/// Something that people read.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ActivityView {
    /// Its id.
    pub id: ActivityId,
    /// What it tells of.
    pub kind: ActivityKind,
    /// Its headline.
    #[schema(examples("Chi bộ Trường Cao đẳng Du lịch trồng 500 cây xanh"))]
    pub title: String,
    /// It in a sentence or two.
    #[schema(
        examples("Buổi sáng cuối tuần, 60 đảng viên và sinh viên cùng trồng cây quanh khuôn viên trường."),
        content_media_type = "text/plain"
    )]
    pub summary: String,
    /// The article as it was written; in lists only with `include=body`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("Từ sáng sớm, **60 đảng viên** đã có mặt…"), content_media_type = "text/markdown")]
    pub body_markdown: Option<String>,
    /// The article as sanitised HTML; in lists only with `include=body`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("<p>Từ sáng sớm, <strong>60 đảng viên</strong> đã có mặt…</p>"))]
    pub body_html: Option<String>,
    /// Its picture. None yet: always null.
    #[schema(value_type = Option<Object>)]
    pub cover: Option<NoneYet>,
    /// Its photos. None yet: always empty.
    #[schema(value_type = Vec<Object>)]
    pub media: Vec<NoneYet>,
    /// The campaign that it belongs to.
    pub campaign: Option<ActivityCampaign>,
    /// The unit that publishes it.
    pub unit: UnitRef,
    /// Words that it is found by.
    #[schema(examples(json!(["cây xanh", "thanh niên"])))]
    pub tags: Vec<String>,
    /// When it is to be published; only while that is scheduled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publish_at: Option<DateTime<Utc>>,
    /// Since when everybody may read it; null before it is published.
    pub published_at: Option<DateTime<Utc>>,
    /// Does it stand before everything newer?
    pub pinned: bool,
    /// How far it has come; what is not published is seen by its editors alone.
    pub status: ActivityStatus,
    /// How often it was read. None counted yet: always 0.
    #[schema(examples(0))]
    pub view_count: i64,
    /// How many members reacted. None yet: always 0.
    #[schema(examples(0))]
    pub reaction_count: i64,
    /// How many comments there are. None yet: always 0.
    #[schema(examples(0))]
    pub comment_count: i64,
    /// The caller's own reaction. None yet: always null.
    #[schema(value_type = Option<String>)]
    pub my_reaction: Option<NoneYet>,
}

/// The campaign of an activity in a few words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ActivityCampaign {
    /// Its id.
    pub id: CampaignId,
    /// Its name.
    #[schema(examples("Chung tay trồng cây xanh năm 2026"))]
    pub title: String,
}

/// What a list shows besides the usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActivityInclude {
    /// The whole article.
    Body,
}

/// Which activities.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ActivityFilter {
    /// Only those of this campaign.
    pub campaign_id: Option<CampaignId>,
    /// Only those that this very unit has published, or one that was merged into it.
    pub unit_id: Option<UnitId>,
    /// Only those of this kind.
    #[param(inline)]
    pub kind: Option<ActivityKind>,
    /// Only those with this tag, with or without diacritics.
    #[param(min_length = 1, max_length = 50)]
    pub tag: Option<String>,
    /// Only those with this in their title, summary, article or tags, with or without diacritics.
    #[param(min_length = 1, max_length = 100)]
    pub q: Option<String>,
    /// Only those published on this day (in Vietnam) or later.
    pub from: Option<NaiveDate>,
    /// Only those published on this day (in Vietnam) or earlier.
    pub to: Option<NaiveDate>,
    /// `body`: with the whole article.
    #[param(inline)]
    pub include: Option<ActivityInclude>,
    /// How many items at the most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[param(max_length = 1000)]
    pub cursor: Option<String>,
}

impl ActivityFilter {
    /// Fails when it asks for days that end before they start.
    pub fn check(&self) -> Result<(), Problem> {
        match (self.from, self.to) {
            (Some(from), Some(to)) if to < from => Err(Fault::parameter("to", FaultCode::EndsBeforeStart).into()),
            _ => Ok(()),
        }
    }
}
