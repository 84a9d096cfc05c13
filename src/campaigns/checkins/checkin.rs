//! What a check-in is, what holds it back, and what of it counts.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    campaigns::{campaigns::Campaign, ledger::Counted, pledges::Commitment},
    kit::{
        problems::{Code, Problem},
        values::{CampaignId, CheckinId, CommitmentId, MemberId, PhaseId, PledgeId, Quantity, TargetId, UnitId},
    },
};

pub use crate::entity::checkin::CheckinStatus;

/// How many times its whole commitment a single check-in may be before a person looks at it.
const UNLIKELY_TIMES: i64 = 3;
/// How many times what people usually pledge and report for the target it may be, likewise.
const UNUSUAL_TIMES: i64 = 1_000;

/// Vì sao báo cáo bị giữ lại. Why a check-in is held.
///
/// - `same_photo`: ảnh đã được gửi trước đó. Its photo was sent before.
/// - `unlikely_quantity`: nhiều hơn 3 lần cả cam kết, hoặc hơn 1.000 lần mức thường thấy (trung vị) của những người khác ở chỉ
///   tiêu này. It is more than 3 times the whole commitment, or more than 1,000 times what is usual (the median) among others
///   for the target.
/// - `outside_phase`: ngoài thời gian hoặc các đợt của phong trào. It happened outside the campaign's time or its phases.
/// - `late`: gửi sau số ngày được phép trễ. It came in after the days of grace.
/// - `total_too_large`: tổng của chỉ tiêu ở đơn vị này không còn chỗ (9 × 10^15). The target's total in this unit has no room
///   for it (9 × 10^15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CheckinFlag)]
pub enum Flag {
    /// Its photo was sent before.
    SamePhoto,
    /// It is far more than its commitment, or than others pledge and report for the target.
    UnlikelyQuantity,
    /// It happened outside the campaign's time or its phases.
    OutsidePhase,
    /// It came in after the days of grace.
    Late,
    /// The stored total that it would be added to has no room for it.
    TotalTooLarge,
}

/// A check-in.
#[derive(Clone, Debug)]
pub struct Checkin {
    /// Its id, made by the phone.
    pub id: CheckinId,
    /// For which pledge.
    pub pledge_id: PledgeId,
    /// For which commitment.
    pub commitment_id: CommitmentId,
    /// In which campaign.
    pub campaign_id: CampaignId,
    /// For which target, if any.
    pub target_id: Option<TargetId>,
    /// In which phase, if any.
    pub phase_id: Option<PhaseId>,
    /// For which unit: the one of the day it happened on.
    pub unit_id: UnitId,
    /// Whose.
    pub member_id: MemberId,
    /// How much was done.
    pub quantity: Quantity,
    /// What its author says of it.
    pub note: Option<String>,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// When the server got it.
    pub received_at: DateTime<Utc>,
    /// The calendar day it happened on, in Vietnam.
    pub day: NaiveDate,
    /// Where it happened.
    pub location: Option<Location>,
    /// Where it stands.
    pub status: CheckinStatus,
    /// Why it is held.
    pub flags: Vec<Flag>,
    /// Why it was returned.
    pub return_reason: Option<String>,
    /// Who decided.
    pub decided_by: Option<MemberId>,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
    /// A hash of what was sent first, by which the same is told from another under one id.
    pub content_hash: String,
    /// The row's version, for optimistic locking.
    pub version: i64,
}

/// A place, in millionths of a degree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
    /// North of the equator.
    pub latitude_e6: i32,
    /// East of Greenwich.
    pub longitude_e6: i32,
    /// How far off it may be, in metres.
    pub accuracy_m: Option<i32>,
}

impl Checkin {
    /// What of it counts now, and where.
    pub fn counted(&self) -> Counted {
        let (reported, verified) = match self.status {
            CheckinStatus::Held | CheckinStatus::Returned | CheckinStatus::Withdrawn => {
                (Quantity::ZERO, Quantity::ZERO)
            }
            CheckinStatus::Submitted => (self.quantity, Quantity::ZERO),
            CheckinStatus::Verified => (self.quantity, self.quantity),
        };
        Counted {
            checkin_id: self.id,
            commitment_id: self.commitment_id,
            target_id: self.target_id,
            unit_id: self.unit_id,
            member_id: self.member_id,
            phase_id: self.phase_id,
            day: self.day,
            reported,
            verified,
        }
    }

    /// Looks at it anew: its phase, and whether something is odd. It is held then, else submitted. `received_on` is the day on
    /// which it was said that it happened when it did.
    pub fn classify(&mut self, commitment: &Commitment, campaign: &Campaign, received_on: NaiveDate, grace_days: u32) {
        self.phase_id = campaign.phase_of(self.day).map(|phase| phase.id);
        self.flags.retain(|flag| *flag == Flag::SamePhoto);
        let usual = self.target_id.and_then(|target| campaign.target(target)).and_then(|target| target.usual.quantity);
        let is_more =
            |times: i64, than: Quantity| self.quantity.thousandths() > than.thousandths().saturating_mul(times);
        if is_more(UNLIKELY_TIMES, commitment.quantity) || usual.is_some_and(|usual| is_more(UNUSUAL_TIMES, usual)) {
            self.flags.push(Flag::UnlikelyQuantity);
        }
        if !campaign.counts_day(self.day) {
            self.flags.push(Flag::OutsidePhase);
        }
        if received_on.signed_duration_since(self.day).num_days() > i64::from(grace_days) {
            self.flags.push(Flag::Late);
        }
        self.status = if self.flags.is_empty() { CheckinStatus::Submitted } else { CheckinStatus::Held };
    }

    /// Holds it for a manager, for this reason: until then it counts for nothing.
    pub fn hold(&mut self, why: Flag) {
        self.reopen();
        self.status = CheckinStatus::Held;
        if !self.flags.contains(&why) {
            self.flags.push(why);
        }
    }

    /// Forgets what a manager has decided: it waits for the next decision.
    pub fn reopen(&mut self) {
        self.return_reason = None;
        self.decided_by = None;
        self.decided_at = None;
    }

    /// Its author may change it until a manager has verified it.
    pub fn require_open(&self) -> Result<(), Problem> {
        match self.status {
            CheckinStatus::Submitted | CheckinStatus::Held | CheckinStatus::Returned => Ok(()),
            CheckinStatus::Verified | CheckinStatus::Withdrawn => Err(self.decided()),
        }
    }

    /// Submitted or held to verified. Verifying again changes nothing.
    pub fn verify(&mut self, by: MemberId, now: DateTime<Utc>) -> Result<bool, Problem> {
        match self.status {
            CheckinStatus::Verified => return Ok(false),
            CheckinStatus::Submitted | CheckinStatus::Held => {}
            CheckinStatus::Returned | CheckinStatus::Withdrawn => return Err(self.decided()),
        }
        self.decide(CheckinStatus::Verified, by, now);
        Ok(true)
    }

    /// Back to its author, with a reason; a verified one too, when a mistake is found. Returning again changes nothing.
    pub fn send_back(&mut self, reason: String, by: MemberId, now: DateTime<Utc>) -> Result<bool, Problem> {
        match self.status {
            CheckinStatus::Returned => return Ok(false),
            CheckinStatus::Withdrawn => return Err(self.decided()),
            CheckinStatus::Submitted | CheckinStatus::Held | CheckinStatus::Verified => {}
        }
        self.decide(CheckinStatus::Returned, by, now);
        self.return_reason = Some(reason);
        Ok(true)
    }

    fn decide(&mut self, status: CheckinStatus, by: MemberId, now: DateTime<Utc>) {
        self.status = status;
        self.decided_by = Some(by);
        self.decided_at = Some(now);
    }

    fn decided(&self) -> Problem {
        Problem::new(Code::CheckinDecided).with("status", self.status)
    }
}
