//! The inbox on the wire.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::store::Received;
use crate::kit::{
    problems::{FaultCode, Faults, Problem, problem::bad_field},
    values::{Language, NotificationId},
};

/// A piece of news in your inbox.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NotificationView {
    /// Its id.
    pub id: NotificationId,
    /// Its place in the order of all news; later news has a greater one.
    #[schema(examples(1042))]
    pub position: i64,
    /// What has happened: `activity.published`, `campaign.launched`, `checkin.returned`, `checkin.verified`, `import.ended`,
    /// `pledge.signed`, `role.granted`, `unit.merged`, `unit.moved` or `unit.split`. New kinds may come: show title and body of
    /// one that you do not know.
    #[schema(examples("checkin.verified"))]
    pub kind: String,
    /// A few words.
    #[schema(examples("Báo cáo đã được xác nhận"))]
    pub title: String,
    /// A sentence or two.
    #[schema(examples("Báo cáo “Trồng cây” (20 cây) trong phong trào “Vì một Lâm Đồng xanh” đã được xác nhận."))]
    pub body: String,
    /// What it is about.
    pub subject_id: Uuid,
    /// Where in the app it leads: a path.
    #[schema(examples("/checkins/019a1c5e-7b1f-7c3a-9d2e-5f6a7b8c9d0e"))]
    pub link: String,
    /// The facts behind the words, by kind.
    #[schema(value_type = Object, example = json!({"campaign_title": "Vì một Lâm Đồng xanh"}))]
    pub values: Value,
    /// When what it tells of happened.
    pub created_at: DateTime<Utc>,
    /// When you read it; null: not yet.
    pub read_at: Option<DateTime<Utc>>,
}

impl NotificationView {
    /// In the reader's language; nothing of what this build cannot read.
    pub fn new(received: Received, language: Language) -> Option<Self> {
        let news = received.news?;
        let words = news.words(language);
        Some(Self {
            id: received.id,
            position: received.position,
            kind: news.kind().to_owned(),
            title: words.title,
            body: words.body,
            subject_id: received.subject,
            link: news.link(received.subject),
            values: received.values,
            created_at: received.created_at,
            read_at: received.read_at,
        })
    }
}

/// Which notifications.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NotificationFilter {
    /// `true`: only those that you have not read; `false`: only those that you have.
    pub unread: Option<bool>,
    /// How many items at the most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[param(max_length = 1000)]
    pub cursor: Option<String>,
}

/// What you have read: `ids` or `up_to`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadMarks {
    /// These.
    #[schema(min_items = 1, max_items = 100)]
    pub ids: Option<Vec<NotificationId>>,
    /// All up to this position.
    #[schema(minimum = 0, examples(1042))]
    pub up_to: Option<i64>,
}

/// Which notifications were read.
#[derive(Clone, Debug)]
pub enum Which {
    /// These.
    These(Vec<NotificationId>),
    /// All up to this position.
    UpTo(i64),
}

impl ReadMarks {
    /// One of the two ways to say it.
    pub fn parse(self) -> Result<Which, Problem> {
        match (self.ids, self.up_to) {
            (Some(ids), None) => Ok(Which::These(ids)),
            (None, Some(position)) => Ok(Which::UpTo(position)),
            (Some(_), Some(_)) => Err(bad_field("/up_to", FaultCode::NotAllowed)),
            (None, None) => {
                let mut faults = Faults::new();
                faults.add_if(true, "/ids", FaultCode::Missing);
                faults.add_if(true, "/up_to", FaultCode::Missing);
                faults.or(Which::UpTo(0))
            }
        }
    }
}

/// How much is unread.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct UnreadCount {
    /// How many in your inbox are unread, counted to 1,000: that many, or more.
    #[schema(minimum = 0, maximum = 1000, examples(3))]
    pub unread_count: u64,
}
