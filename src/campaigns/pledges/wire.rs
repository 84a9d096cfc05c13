//! Pledges on the wire.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    Commitment, Pledge, Pledger,
    pledge::{Cadence, PledgeStatus, PledgerKind},
};
use crate::{
    campaigns::campaigns::{Campaign, TargetKind},
    kit::{
        problems::{Fault, FaultCode, Faults, Problem},
        values::{CampaignId, CommitmentId, MemberId, PledgeId, Quantity, TargetId, Total, UnitId},
    },
};

/// Who pledges: a unit or a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PledgerRef {
    /// Of which kind.
    pub kind: PledgerKind,
    /// Which one.
    pub id: Uuid,
}

/// A pledge to be written.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "statement": "Tôi cam kết trồng và chăm sóc cây xanh quanh trụ sở trong năm 2026.",
    "commitments": [{"title": "Trồng cây xanh", "unit_of_measure": "cây", "quantity": 10, "due_on": "2026-12-31", "cadence": "monthly"}]
}))]
pub struct NewPledge {
    /// An id of your own making: any UUID (RFC 9562) but nil and max, best of version 7, which sorts by time. Made by the server
    /// when absent.
    pub id: Option<PledgeId>,
    /// Who pledges; absent: yourself. For a unit it takes its manager.
    pub pledger: Option<PledgerRef>,
    /// What is promised, in words.
    #[schema(min_length = 1, max_length = 5000, content_media_type = "text/plain")]
    pub statement: String,
    /// What is promised, in figures.
    #[schema(min_items = 1, max_items = 50)]
    pub commitments: Vec<NewCommitment>,
}

/// A commitment to be written.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCommitment {
    /// The target of the campaign that it adds to.
    pub target_id: Option<TargetId>,
    /// What is to be done.
    #[schema(min_length = 1, max_length = 300, examples("Trồng cây xanh quanh trụ sở"))]
    pub title: String,
    /// What it is counted in; the same as the target's.
    #[schema(min_length = 1, max_length = 50, examples("cây"))]
    pub unit_of_measure: String,
    /// How much of it, in all, by the due day.
    pub quantity: Quantity,
    /// By which day, in the campaign's time.
    #[schema(examples("2026-12-31"))]
    pub due_on: NaiveDate,
    /// How often you mean to check in.
    pub cadence: Cadence,
}

/// Changes of a draft: absent is unchanged, a list replaces the list. Nothing of it can be cleared.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"statement": "Tôi cam kết trồng và chăm sóc 12 cây xanh."}))]
pub struct PledgePatch {
    /// What is promised, in words.
    #[schema(nullable = false, min_length = 1, max_length = 5000, content_media_type = "text/plain")]
    pub statement: Option<String>,
    /// What is promised, in figures.
    #[schema(nullable = false, min_items = 1, max_items = 50)]
    pub commitments: Option<Vec<NewCommitment>>,
}

/// The commitments, if every one fits the campaign.
pub fn parse_commitments(new: Vec<NewCommitment>, campaign: &Campaign) -> Result<Vec<Commitment>, Problem> {
    let mut faults = Faults::new();
    let mut commitments = Vec::with_capacity(new.len());
    for (place, commitment) in new.into_iter().enumerate() {
        let at = |field: &str| format!("/commitments/{place}/{field}");
        faults.add_unless_positive(commitment.quantity, at("quantity"));
        faults.add_if(!campaign.includes(commitment.due_on), at("due_on"), FaultCode::OutsideCampaign);
        match commitment.target_id.map(|id| campaign.target(id)) {
            None => {}
            Some(None) => faults.add(Fault::at(at("target_id"), FaultCode::NoSuchThing)),
            Some(Some(target)) if target.kind == TargetKind::Percentage => {
                faults.add(Fault::at(at("target_id"), FaultCode::DoesNotAddUp));
            }
            Some(Some(target)) if target.unit_of_measure != commitment.unit_of_measure => {
                let fault = Fault::at(at("unit_of_measure"), FaultCode::OtherUnitOfMeasure);
                faults.add(fault.with("expected", &target.unit_of_measure));
            }
            Some(Some(_)) => {}
        }
        commitments.push(Commitment {
            id: CommitmentId::new(),
            target_id: commitment.target_id,
            title: commitment.title,
            unit_of_measure: commitment.unit_of_measure,
            quantity: commitment.quantity,
            due_on: commitment.due_on,
            cadence: commitment.cadence,
        });
    }
    faults.or(commitments)
}

/// A pledge.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PledgeView {
    /// Its id.
    pub id: PledgeId,
    /// In which campaign.
    pub campaign_id: CampaignId,
    /// Who pledges.
    pub pledger: PledgerRef,
    /// The unit that it counts for.
    pub unit_id: UnitId,
    /// What is promised, in words.
    #[schema(
        examples("Tôi cam kết trồng và chăm sóc cây xanh quanh trụ sở trong năm 2026."),
        content_media_type = "text/plain"
    )]
    pub statement: String,
    /// What is promised, in figures.
    pub commitments: Vec<Commitment>,
    /// Where it stands today, by what was verified and by the due days.
    pub status: PledgeStatus,
    /// When it was signed.
    pub signed_at: Option<DateTime<Utc>>,
    /// Who signed it.
    pub signed_by: Option<MemberId>,
    /// By what anybody can find out whether it was signed.
    #[schema(examples("k7m2p9q4r8s3t6v1"))]
    pub verification_code: Option<String>,
    /// How many periods in a row, up to now, had a check-in; the longest among its commitments.
    #[schema(examples(3))]
    pub streak: u32,
    /// What has come of each commitment.
    pub progress: Vec<CommitmentProgress>,
}

/// What has come of a commitment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CommitmentProgress {
    /// Of which.
    pub commitment_id: CommitmentId,
    /// The sum of its check-ins that were submitted or verified.
    pub reported: Total,
    /// The sum of its check-ins that were verified.
    pub verified: Total,
    /// What was verified, in percent of what was promised, to 3 decimals.
    pub percent: Total,
}

impl PledgeView {
    /// A pledge with where it stands and what has come of it.
    pub fn new(pledge: Pledge, status: PledgeStatus, progress: Vec<CommitmentProgress>, streak: u32) -> Self {
        let pledger = match pledge.pledger {
            Pledger::Unit(id) => PledgerRef { kind: PledgerKind::Unit, id: id.0 },
            Pledger::Member(id) => PledgerRef { kind: PledgerKind::Member, id: id.0 },
        };
        Self {
            id: pledge.id,
            campaign_id: pledge.campaign_id,
            pledger,
            unit_id: pledge.unit_id,
            statement: pledge.statement,
            commitments: pledge.commitments,
            status,
            signed_at: pledge.signed_at,
            signed_by: pledge.signed_by,
            verification_code: pledge.verification_code,
            streak,
            progress,
        }
    }
}

/// Which pledges of a campaign.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PledgeFilter {
    /// Only those that stand here today.
    #[param(inline)]
    pub status: Option<PledgeStatus>,
    /// Only those of units, or of members.
    #[param(inline)]
    pub pledger_kind: Option<PledgerKind>,
    /// Only those that count for this unit, the pledges of units that were merged into it among them.
    pub unit_id: Option<UnitId>,
    /// How many items at the most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[param(max_length = 1000)]
    pub cursor: Option<String>,
}
