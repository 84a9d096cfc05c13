//! Data requests on the wire.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{DataRequest, Kind, Origin, Status, store::Which};
use crate::kit::{
    problems::{FaultCode, Problem, problem::bad_field},
    values::{DataRequestId, MemberId},
};

/// What you ask about your own data.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "correction", "detail": "Tên đệm của tôi bị sai"}))]
pub struct NewOwnDataRequest {
    /// What you ask for. Access and erasure are done at once by `GET /v1/me/export` and `DELETE /v1/me`.
    pub kind: Kind,
    /// In your own words.
    #[schema(min_length = 1, max_length = 2000, content_media_type = "text/plain")]
    pub detail: Option<String>,
}

/// A request that came by letter, by telephone or in person.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"member_id": "019a1c5e-7b1f-7c3a-9d2e-5f6a7b8c9d0e", "kind": "erasure", "detail": "Đơn số 12"}))]
pub struct NewDataRequest {
    /// Whose data it is about.
    pub member_id: MemberId,
    /// What is asked for.
    pub kind: Kind,
    /// In their own words, or where it is filed.
    #[schema(min_length = 1, max_length = 2000, content_media_type = "text/plain")]
    pub detail: Option<String>,
    /// When it came: the deadlines begin then. Absent: now.
    pub requested_at: Option<DateTime<Utc>>,
}

impl NewDataRequest {
    /// When it came, which is not in the future.
    pub fn moment(&self, now: DateTime<Utc>) -> Result<DateTime<Utc>, Problem> {
        let moment = self.requested_at.unwrap_or(now);
        if moment > now { Err(bad_field("/requested_at", FaultCode::InFuture)) } else { Ok(moment) }
    }
}

/// What came of a request.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"outcome": "done", "resolution": "Đã sửa tên đệm"}))]
pub struct Resolution {
    /// Done, or refused.
    pub outcome: Outcome,
    /// What was done, or why not. A refusal needs a reason.
    #[schema(min_length = 1, max_length = 2000, content_media_type = "text/plain")]
    pub resolution: Option<String>,
}

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DataRequestOutcome)]
pub enum Outcome {
    /// Done. An erasure is carried out by this.
    Done,
    /// Not done.
    Refused,
}

impl Resolution {
    /// Whether it is done, with the words; a refusal has some.
    pub fn parse(self) -> Result<(bool, Option<String>), Problem> {
        let is_done = self.outcome == Outcome::Done;
        if !is_done && self.resolution.is_none() {
            return Err(bad_field("/resolution", FaultCode::Missing));
        }
        Ok((is_done, self.resolution))
    }
}

/// A request about somebody's personal data.
#[derive(Debug, Serialize, ToSchema)]
pub struct DataRequestView {
    /// Its id.
    pub id: DataRequestId,
    /// Whose data it is about.
    pub member_id: MemberId,
    /// What is asked for.
    pub kind: Kind,
    /// How it came.
    pub source: Origin,
    /// In whoever's own words.
    #[schema(examples("Tên đệm của tôi bị sai"), content_media_type = "text/plain")]
    pub detail: Option<String>,
    /// Where it stands.
    pub status: Status,
    /// Has a deadline passed?
    pub is_overdue: bool,
    /// Since when.
    pub requested_at: DateTime<Utc>,
    /// By when somebody must have replied: 2 working days.
    pub acknowledge_by: DateTime<Utc>,
    /// By when it must be done: 72 hours.
    pub due_at: DateTime<Utc>,
    /// When somebody replied.
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// When it was done or refused.
    pub resolved_at: Option<DateTime<Utc>>,
    /// What came of it.
    #[schema(examples("Đã sửa tên đệm"), content_media_type = "text/plain")]
    pub resolution: Option<String>,
}

impl DataRequestView {
    /// As it is at this moment.
    pub fn new(request: DataRequest, now: DateTime<Utc>) -> Self {
        Self {
            is_overdue: request.is_overdue(now),
            id: request.id,
            member_id: request.member_id,
            kind: request.kind,
            source: request.source,
            detail: request.detail,
            status: request.status,
            requested_at: request.requested_at,
            acknowledge_by: request.acknowledge_by,
            due_at: request.due_at,
            acknowledged_at: request.acknowledged_at,
            resolved_at: request.resolved_at,
            resolution: request.resolution,
        }
    }
}

/// Which requests.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DataRequestFilter {
    /// Only those that stand so.
    pub status: Option<Status>,
    /// Only those of which a deadline has passed.
    pub overdue: Option<bool>,
    /// Only those about this member.
    pub member_id: Option<MemberId>,
    /// How many items at the most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[param(max_length = 1000)]
    pub cursor: Option<String>,
}

impl DataRequestFilter {
    /// What is asked for, at this moment.
    pub fn which(&self, now: DateTime<Utc>) -> Which {
        let overdue_at = self.overdue.filter(|is_wanted| *is_wanted).map(|_| now);
        Which { member: self.member_id, status: self.status, overdue_at }
    }
}

/// Which of one's own requests.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OwnDataRequestFilter {
    /// How many items at the most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[param(max_length = 1000)]
    pub cursor: Option<String>,
}
