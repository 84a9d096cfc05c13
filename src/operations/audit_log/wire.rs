//! The audit log on the wire.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::kit::problems::{Fault, FaultCode, Problem};

/// Something that somebody did.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AuditRowView {
    /// Its id.
    pub id: Uuid,
    /// Its place in the chain: one more than that of the row before.
    #[schema(minimum = 1, examples(1042))]
    pub position: i64,
    /// When it was done.
    pub recorded_at: DateTime<Utc>,
    /// What did it: `member`, `app`, `system` (the server itself, or its command line) or `anonymous`.
    #[schema(examples("member"))]
    pub actor_kind: String,
    /// Which one of them; null where there is only one.
    #[schema(examples("019a1c5e-7b1f-7c3a-9d2e-5f6a7b8c9d0e"))]
    pub actor_id: Option<String>,
    /// What was done: a verb and a noun. New ones may come.
    #[schema(examples("grant_role"))]
    pub action: String,
    /// What kind of thing it was done to.
    #[schema(examples("role_grant"))]
    pub subject_kind: String,
    /// Which one.
    #[schema(examples("019a1c5e-7b1f-7c3a-9d2e-5f6a7b8c9d0e"))]
    pub subject_id: String,
    /// What was so before, as far as it is told here.
    #[schema(value_type = Option<Object>, example = json!({"status": "draft"}))]
    pub before: Option<Value>,
    /// What was so afterwards, likewise. Personal values are left out.
    #[schema(value_type = Option<Object>, example = json!({"status": "launched"}))]
    pub after: Option<Value>,
    /// The request that it was done by.
    #[schema(examples("019a1c5e-7b1f-7c3a-9d2e-5f6a7b8c9d0e"))]
    pub request_id: Option<String>,
    /// The hash of the row before; empty of the first one.
    #[schema(examples("2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"))]
    pub previous_hash: String,
    /// SHA-256 over this row and the hash before it.
    #[schema(examples("fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9"))]
    pub hash: String,
}

/// Which rows of the audit log.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditFilter {
    /// Only what was done by this member or app (an id), or by `system` or `anonymous`.
    #[param(min_length = 1, max_length = 100)]
    pub actor: Option<String>,
    /// Only this action.
    #[param(min_length = 1, max_length = 100, example = "grant_role")]
    pub action: Option<String>,
    /// Only what was done to things of this kind.
    #[param(min_length = 1, max_length = 100, example = "role_grant")]
    pub subject_kind: Option<String>,
    /// Only what was done to this one.
    #[param(min_length = 1, max_length = 100)]
    pub subject_id: Option<String>,
    /// Only what was done on this day (in Vietnam) or later.
    pub from: Option<NaiveDate>,
    /// Only what was done on this day (in Vietnam) or earlier.
    pub to: Option<NaiveDate>,
    /// How many items at the most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[param(max_length = 1000)]
    pub cursor: Option<String>,
}

impl AuditFilter {
    /// Fails when it asks for days that end before they start.
    pub fn check(&self) -> Result<(), Problem> {
        match (self.from, self.to) {
            (Some(from), Some(to)) if to < from => Err(Fault::parameter("to", FaultCode::EndsBeforeStart).into()),
            _ => Ok(()),
        }
    }
}
