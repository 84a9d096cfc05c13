//! Works on the wire.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Work, WorkKind, WorkStatus};
use crate::kit::values::{
    CampaignId, Quantity, UnitId, WorkId,
    patch::{given, set},
};

/// A work to be added.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "project", "title": "Thắp sáng đường quê", "place": "Xã Cát Tiên", "unit_of_measure": "bóng đèn", "goal": 40}))]
pub struct NewWork {
    /// An id of your own making: any UUID (RFC 9562) but nil and max, best of version 7, which sorts by time. Made by the server
    /// when absent.
    pub id: Option<WorkId>,
    /// Who carries it out; absent: your home unit.
    pub unit_id: Option<UnitId>,
    /// Of which kind.
    pub kind: WorkKind,
    /// Its name.
    #[schema(min_length = 1, max_length = 300)]
    pub title: String,
    /// It in a sentence.
    #[schema(max_length = 2000, content_media_type = "text/plain")]
    pub summary: Option<String>,
    /// Where it is.
    #[schema(max_length = 300)]
    pub place: Option<String>,
    /// What it is counted in.
    #[schema(min_length = 1, max_length = 50)]
    pub unit_of_measure: Option<String>,
    /// How much is to be reached.
    pub goal: Option<Quantity>,
    /// How much is reached.
    pub achieved: Option<Quantity>,
    /// Where it stands; absent: planned.
    pub status: Option<WorkStatus>,
}

/// Changes of a work: absent is unchanged, null is cleared.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"achieved": 40, "status": "completed"}))]
pub struct WorkPatch {
    /// Of which kind.
    #[schema(nullable = false)]
    pub kind: Option<WorkKind>,
    /// Its name.
    #[schema(nullable = false, min_length = 1, max_length = 300)]
    pub title: Option<String>,
    /// It in a sentence.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 2000, content_media_type = "text/plain")]
    pub summary: Option<Option<String>>,
    /// Where it is.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 300)]
    pub place: Option<Option<String>>,
    /// What it is counted in.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 50)]
    pub unit_of_measure: Option<Option<String>>,
    /// How much is to be reached.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Quantity>)]
    pub goal: Option<Option<Quantity>>,
    /// How much is reached.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Quantity>)]
    pub achieved: Option<Option<Quantity>>,
    /// Where it stands.
    #[schema(nullable = false)]
    pub status: Option<WorkStatus>,
}

impl WorkPatch {
    /// Changes the work.
    pub fn apply(self, work: &mut Work) {
        set(&mut work.kind, self.kind);
        set(&mut work.title, self.title);
        set(&mut work.summary, self.summary);
        set(&mut work.place, self.place);
        set(&mut work.unit_of_measure, self.unit_of_measure);
        set(&mut work.goal, self.goal);
        set(&mut work.achieved, self.achieved);
        set(&mut work.status, self.status);
    }
}

/// A work that a unit carries out.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WorkView {
    /// Its id.
    pub id: WorkId,
    /// In which campaign.
    pub campaign_id: CampaignId,
    /// Who carries it out.
    pub unit_id: UnitId,
    /// Of which kind.
    pub kind: WorkKind,
    /// Its name.
    #[schema(examples("Thắp sáng đường quê"))]
    pub title: String,
    /// It in a sentence.
    #[schema(content_media_type = "text/plain")]
    pub summary: Option<String>,
    /// Where it is.
    #[schema(examples("Xã Cát Tiên"))]
    pub place: Option<String>,
    /// What it is counted in.
    #[schema(examples("bóng đèn"))]
    pub unit_of_measure: Option<String>,
    /// How much is to be reached.
    pub goal: Option<Quantity>,
    /// How much is reached.
    pub achieved: Option<Quantity>,
    /// Where it stands.
    pub status: WorkStatus,
    /// Its photos; none yet.
    pub media: Vec<String>,
}

impl From<Work> for WorkView {
    fn from(work: Work) -> Self {
        Self {
            id: work.id,
            campaign_id: work.campaign_id,
            unit_id: work.unit_id,
            kind: work.kind,
            title: work.title,
            summary: work.summary,
            place: work.place,
            unit_of_measure: work.unit_of_measure,
            goal: work.goal,
            achieved: work.achieved,
            status: work.status,
            media: Vec::new(),
        }
    }
}

/// Which works of a campaign.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WorkFilter {
    /// Only those of this unit, or of one that was merged into it.
    pub unit_id: Option<UnitId>,
    /// Only those of this kind.
    #[param(inline)]
    pub kind: Option<WorkKind>,
    /// Only those that stand here.
    #[param(inline)]
    pub status: Option<WorkStatus>,
    /// How many items at the most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[param(max_length = 1000)]
    pub cursor: Option<String>,
}
