//! Check-ins on the wire.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{Checkin, CheckinStatus, Flag, checkin::Location};
use crate::kit::{
    problems::{FaultCode, Faults, Problem},
    secrets::secret::{sha256, to_hex},
    values::{
        CampaignId, CheckinId, CommitmentId, MemberId, PledgeId, Quantity, TargetId, UnitId,
        clock::{cut, later},
        patch::given,
    },
};

/// A phone's clock may be this far ahead.
const CLOCK_TOLERANCE: Duration = Duration::minutes(5);
const MILLION: f64 = 1e6;

/// What somebody did.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"id": "019a1c5e-7b1f-7c3a-9d2e-5f6a7b8c9d0e", "commitment_id": "019a1c5e-7b1f-7c3a-9d2e-5f6a7b8c9d0f",
    "quantity": 3, "note": "Trồng 3 cây sao đen trước cổng trường", "occurred_at": "2026-03-10T01:30:00Z"}))]
pub struct NewCheckin {
    /// An id that the phone makes, so that sending again is the same check-in: any UUID (RFC 9562) but nil and max, best of
    /// version 7, which sorts by time. Made by the server when absent.
    pub id: Option<CheckinId>,
    /// For which commitment of the pledge.
    pub commitment_id: CommitmentId,
    /// How much was done.
    pub quantity: Quantity,
    /// What there is to say of it.
    #[schema(max_length = 2000, content_media_type = "text/plain")]
    pub note: Option<String>,
    /// When it happened, to the microsecond; absent: now.
    #[serde(default, deserialize_with = "cut")]
    pub occurred_at: Option<DateTime<Utc>>,
    /// Where it happened. Kept only with your consent (`location`, see `PUT /v1/me/consents`).
    pub location: Option<LocationView>,
    /// Its photos, from `POST /v1/media`.
    #[serde(default)]
    #[schema(required = false, max_items = 10)]
    pub media_ids: Vec<Uuid>,
}

/// A place.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Location)]
pub struct LocationView {
    /// Degrees north of the equator.
    #[schema(minimum = -90, maximum = 90, examples(11.940419))]
    pub lat: f64,
    /// Degrees east of Greenwich.
    #[schema(minimum = -180, maximum = 180, examples(108.458313))]
    pub lon: f64,
    /// How far off it may be, in metres.
    #[schema(minimum = 0, maximum = 1_000_000, examples(15))]
    pub accuracy_m: Option<i32>,
}

impl NewCheckin {
    /// Checks what the schema cannot say.
    pub fn check(&self, now: DateTime<Utc>) -> Result<(), Problem> {
        let mut faults = Faults::new();
        faults.add_unless_positive(self.quantity, "/quantity");
        faults.add_if(
            self.occurred_at.is_some_and(|at| at > later(now, CLOCK_TOLERANCE)),
            "/occurred_at",
            FaultCode::InFuture,
        );
        for place in 0..self.media_ids.len() {
            faults.add_if(true, format_args!("/media_ids/{place}"), FaultCode::NoSuchThing);
        }
        faults.or(())
    }

    /// What tells the same check-in from another under one id.
    pub fn content_hash(&self, pledge: PledgeId) -> String {
        let content = serde_json::json!([
            pledge,
            self.commitment_id,
            self.quantity,
            self.note,
            self.occurred_at,
            self.location,
            self.media_ids
        ]);
        to_hex(&sha256(content.to_string().as_bytes()))
    }
}

impl From<LocationView> for Location {
    fn from(view: LocationView) -> Self {
        // Within ±180 degrees by its schema, so within 32 bits; the text of a rounded double is its integer.
        let millionths = |degrees: f64| format!("{:.0}", degrees * MILLION).parse().unwrap_or(0);
        Self { latitude_e6: millionths(view.lat), longitude_e6: millionths(view.lon), accuracy_m: view.accuracy_m }
    }
}

impl From<Location> for LocationView {
    fn from(location: Location) -> Self {
        Self {
            lat: f64::from(location.latitude_e6) / MILLION,
            lon: f64::from(location.longitude_e6) / MILLION,
            accuracy_m: location.accuracy_m,
        }
    }
}

/// Changes of a check-in that no manager has verified: absent is unchanged, null is cleared. A returned one goes back to
/// the manager.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"quantity": 4, "note": "Đếm lại: 4 cây"}))]
pub struct CheckinPatch {
    /// How much was done.
    #[schema(nullable = false)]
    pub quantity: Option<Quantity>,
    /// What there is to say of it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 2000, content_media_type = "text/plain")]
    pub note: Option<Option<String>>,
    /// When it happened, to the microsecond.
    #[serde(default, deserialize_with = "cut")]
    #[schema(nullable = false)]
    pub occurred_at: Option<DateTime<Utc>>,
}

impl CheckinPatch {
    /// Checks what the schema cannot say.
    pub fn check(&self, now: DateTime<Utc>) -> Result<(), Problem> {
        let mut faults = Faults::new();
        if let Some(quantity) = self.quantity {
            faults.add_unless_positive(quantity, "/quantity");
        }
        faults.add_if(
            self.occurred_at.is_some_and(|at| at > later(now, CLOCK_TOLERANCE)),
            "/occurred_at",
            FaultCode::InFuture,
        );
        faults.or(())
    }
}

/// What a manager verifies.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct Verification {
    /// The `version` of the check-in that you have seen. Where it is another one by now, the answer is 412. Absent: whatever
    /// it is.
    #[schema(nullable = false, minimum = 1, examples(1))]
    pub version: Option<i64>,
}

/// Why a check-in goes back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Ảnh chưa rõ, đề nghị chụp lại."}))]
pub struct ReturnReason {
    /// For its author to read.
    #[schema(
        min_length = 1,
        max_length = 1000,
        examples("Ảnh chưa rõ, đề nghị chụp lại."),
        content_media_type = "text/plain"
    )]
    pub reason: String,
    /// The `version` of the check-in that you have seen. Where it is another one by now, the answer is 412. Absent: whatever
    /// it is.
    #[schema(nullable = false, minimum = 1, examples(1))]
    pub version: Option<i64>,
}

/// A check-in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CheckinView {
    /// Its id.
    pub id: CheckinId,
    /// For which pledge.
    pub pledge_id: PledgeId,
    /// For which commitment.
    pub commitment_id: CommitmentId,
    /// In which campaign.
    pub campaign_id: CampaignId,
    /// For which target, if any.
    pub target_id: Option<TargetId>,
    /// The unit that it counts for: the one of the day it happened on.
    pub unit_id: UnitId,
    /// Whose it is.
    pub member_id: MemberId,
    /// How much was done.
    pub quantity: Quantity,
    /// What its author says of it, to themself and to whoever manages the unit; null for others.
    #[schema(examples("Trồng 3 cây sao đen trước cổng trường"), content_media_type = "text/plain")]
    pub note: Option<String>,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// When the server got it.
    pub received_at: DateTime<Utc>,
    /// Where it happened, for its author and for whoever manages the unit; null for others. Kept only with the author's
    /// consent (`location`, see `PUT /v1/me/consents`).
    pub location: Option<LocationView>,
    /// Its photos; none yet.
    pub media_ids: Vec<Uuid>,
    /// Where it stands.
    pub status: CheckinStatus,
    /// Why it is held.
    pub flags: Vec<Flag>,
    /// Why it was returned, for its author and for whoever manages the unit; null for others.
    #[schema(examples("Ảnh chưa rõ, đề nghị chụp lại."), content_media_type = "text/plain")]
    pub return_reason: Option<String>,
    /// When a manager decided.
    pub decided_at: Option<DateTime<Utc>>,
    /// The version of the check-in, counted from 1: it rises with every change. A manager sends it with a decision, so that
    /// what they decide on is what they have seen.
    #[schema(examples(1))]
    pub version: i64,
}

impl From<Checkin> for CheckinView {
    fn from(checkin: Checkin) -> Self {
        Self {
            id: checkin.id,
            pledge_id: checkin.pledge_id,
            commitment_id: checkin.commitment_id,
            campaign_id: checkin.campaign_id,
            target_id: checkin.target_id,
            unit_id: checkin.unit_id,
            member_id: checkin.member_id,
            quantity: checkin.quantity,
            note: checkin.note,
            occurred_at: checkin.occurred_at,
            received_at: checkin.received_at,
            location: checkin.location.map(LocationView::from),
            media_ids: Vec::new(),
            status: checkin.status,
            flags: checkin.flags,
            return_reason: checkin.return_reason,
            decided_at: checkin.decided_at,
            version: checkin.version,
        }
    }
}

/// Which check-ins of a pledge.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CheckinFilter {
    /// Only those that stand here.
    #[param(inline)]
    pub status: Option<CheckinStatus>,
    /// How many items at the most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[param(max_length = 1000)]
    pub cursor: Option<String>,
}
