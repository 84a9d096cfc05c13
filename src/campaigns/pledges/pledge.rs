//! What a pledge is, and how a streak is counted.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike as _, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kit::{
    problems::{Code, Problem},
    values::{CampaignId, CommitmentId, MemberId, PledgeId, Quantity, TargetId, Total, UnitId},
};

pub use crate::entity::{
    commitment::Cadence,
    pledge::{PledgeStatus, PledgerKind},
};

/// How many living pledges a pledger can have in a campaign: drafts, signed and lapsed ones. A fulfilled one has freed its
/// place.
pub const LIVING_PLEDGES: u64 = 50;

/// Who pledges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pledger {
    /// A unit.
    Unit(UnitId),
    /// A member, whose pledge counts for the unit they were at home in.
    Member(MemberId),
}

/// A pledge with its commitments.
#[derive(Clone, Debug)]
pub struct Pledge {
    /// Its id.
    pub id: PledgeId,
    /// In which campaign.
    pub campaign_id: CampaignId,
    /// Who pledges.
    pub pledger: Pledger,
    /// The unit that it counts for.
    pub unit_id: UnitId,
    /// What is promised, in words.
    pub statement: String,
    /// What is promised, in figures, in order.
    pub commitments: Vec<Commitment>,
    /// As it is kept: draft or signed. `standing` says the rest.
    pub status: PledgeStatus,
    /// Was its campaign closed?
    pub is_campaign_closed: bool,
    /// The number of its text's version.
    pub text_version: i32,
    /// When it was signed.
    pub signed_at: Option<DateTime<Utc>>,
    /// By whom.
    pub signed_by: Option<MemberId>,
    /// By what anybody can find out whether it was signed.
    pub verification_code: Option<String>,
    /// Who wrote it.
    pub created_by: MemberId,
    /// The row's version, for optimistic locking.
    pub version: i64,
}

/// A measurable promise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Commitment {
    /// Its id.
    pub id: CommitmentId,
    /// The target of the campaign that it adds to.
    pub target_id: Option<TargetId>,
    /// What is to be done.
    #[schema(examples("Trồng cây xanh quanh trụ sở"))]
    pub title: String,
    /// What it is counted in.
    #[schema(examples("cây"))]
    pub unit_of_measure: String,
    /// How much of it, in all, by the due day.
    pub quantity: Quantity,
    /// By which day.
    #[schema(examples("2026-12-31"))]
    pub due_on: NaiveDate,
    /// How often the pledger means to check in.
    pub cadence: Cadence,
}

impl Pledge {
    /// Draft to signed.
    pub fn sign(&mut self, signer: MemberId, code: String, now: DateTime<Utc>) -> Result<(), Problem> {
        self.require_draft()?;
        self.status = PledgeStatus::Signed;
        self.signed_at = Some(now);
        self.signed_by = Some(signer);
        self.verification_code = Some(code);
        Ok(())
    }

    /// Only a draft can be changed or removed.
    pub fn require_draft(&self) -> Result<(), Problem> {
        if self.status == PledgeStatus::Draft { Ok(()) } else { Err(Problem::new(Code::PledgeSigned)) }
    }

    /// It takes check-ins once it is signed.
    pub fn require_signed(&self) -> Result<(), Problem> {
        if self.status == PledgeStatus::Draft { Err(Problem::new(Code::PledgeNotSigned)) } else { Ok(()) }
    }

    /// Where it stands on `today`, by what was verified of each commitment. A due day is over at its end.
    pub fn standing(&self, verified: impl Fn(CommitmentId) -> Total, today: NaiveDate) -> PledgeStatus {
        if self.status == PledgeStatus::Draft {
            return PledgeStatus::Draft;
        }
        let mut unreached = self.commitments.iter().filter(|one| verified(one.id) < one.quantity.into()).peekable();
        if unreached.peek().is_none() {
            return PledgeStatus::Fulfilled;
        }
        let is_over = self.is_campaign_closed || unreached.any(|one| one.due_on < today);
        if is_over { PledgeStatus::Lapsed } else { PledgeStatus::Signed }
    }

    /// When its first commitment is due, once it is signed.
    pub fn first_due_on(&self) -> Option<NaiveDate> {
        let due: Option<NaiveDate> = self.commitments.iter().map(|one| one.due_on).min();
        due.filter(|_| self.status != PledgeStatus::Draft)
    }

    /// Its commitment of that id.
    pub fn commitment(&self, id: CommitmentId) -> Option<&Commitment> {
        self.commitments.iter().find(|commitment| commitment.id == id)
    }
}

/// The first day of the period that a day is in.
fn period_of(cadence: Cadence, day: NaiveDate) -> NaiveDate {
    let back = match cadence {
        Cadence::Once | Cadence::Daily => 0,
        Cadence::Weekly => day.weekday().num_days_from_monday(),
        Cadence::Monthly => day.day0(),
    };
    day.checked_sub_days(Days::new(u64::from(back))).unwrap_or(day)
}

/// How many periods in a row, up to now, had a check-in. The present period is not over, so it does not break a streak yet.
pub fn streak(cadence: Cadence, days: impl IntoIterator<Item = NaiveDate>, today: NaiveDate) -> u32 {
    if cadence == Cadence::Once {
        return 0;
    }
    let periods: BTreeSet<NaiveDate> = days.into_iter().map(|day| period_of(cadence, day)).collect();
    let before = |period: NaiveDate| period.pred_opt().map(|day| period_of(cadence, day));
    let present = period_of(cadence, today);
    let mut period = if periods.contains(&present) { Some(present) } else { before(present) };
    let mut count = 0;
    while let Some(one) = period.filter(|one| periods.contains(one)) {
        count += 1;
        period = before(one);
    }
    count
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_missed_day_breaks_a_daily_streak_but_today_may_still_come() {
        let days = [day("2026-03-05"), day("2026-03-07"), day("2026-03-08")];

        assert_eq!(streak(Cadence::Daily, days, day("2026-03-08")), 2);
        assert_eq!(streak(Cadence::Daily, days, day("2026-03-09")), 2);
        assert_eq!(streak(Cadence::Daily, days, day("2026-03-10")), 0);
    }

    fn pledge(status: PledgeStatus, promises: &[(i64, &str)]) -> Pledge {
        let commitments = promises.iter().map(|(units, due_on)| Commitment {
            id: CommitmentId::new(),
            target_id: None,
            title: "Trồng cây".into(),
            unit_of_measure: "cây".into(),
            quantity: Quantity::whole(*units),
            due_on: day(due_on),
            cadence: Cadence::Once,
        });
        Pledge {
            id: PledgeId::new(),
            campaign_id: CampaignId::new(),
            pledger: Pledger::Member(MemberId::new()),
            unit_id: UnitId::new(),
            statement: "Cam kết".into(),
            commitments: commitments.collect(),
            status,
            is_campaign_closed: false,
            text_version: 1,
            signed_at: None,
            signed_by: None,
            verification_code: None,
            created_by: MemberId::new(),
            version: 1,
        }
    }

    #[test]
    fn a_pledge_is_fulfilled_when_the_last_commitment_is_reached_and_lapsed_when_one_is_late() {
        let two = pledge(PledgeStatus::Signed, &[(3, "2026-03-10"), (5, "2026-06-30")]);
        let standing = |first: i64, second: i64, today: &str| {
            let verified = [first, second].map(|units| Total::from(Quantity::whole(units)));
            let of = |id| two.commitments.iter().zip(verified).find(|(one, _)| one.id == id).unwrap().1;
            two.standing(of, day(today))
        };

        assert_eq!(standing(0, 0, "2026-03-10"), PledgeStatus::Signed);
        assert_eq!(standing(0, 5, "2026-03-11"), PledgeStatus::Lapsed);
        assert_eq!(standing(3, 0, "2026-03-11"), PledgeStatus::Signed);
        assert_eq!(standing(3, 4, "2026-07-01"), PledgeStatus::Lapsed);
        assert_eq!(standing(4, 5, "2026-03-01"), PledgeStatus::Fulfilled);
        assert_eq!(standing(3, 5, "2027-01-01"), PledgeStatus::Fulfilled);
    }

    #[test]
    fn closing_the_campaign_ends_the_time_of_its_pledges_but_not_of_drafts() {
        let mut signed = pledge(PledgeStatus::Signed, &[(3, "2026-12-31")]);
        signed.is_campaign_closed = true;
        let draft = Pledge { status: PledgeStatus::Draft, ..signed.clone() };

        assert_eq!(signed.standing(|_| Total::ZERO, day("2026-03-10")), PledgeStatus::Lapsed);
        assert_eq!(signed.standing(|_| Quantity::whole(3).into(), day("2026-03-10")), PledgeStatus::Fulfilled);
        assert_eq!(draft.standing(|_| Quantity::whole(3).into(), day("2027-03-10")), PledgeStatus::Draft);
    }

    #[test]
    fn weeks_begin_on_monday_and_months_on_the_first() {
        let weeks = [day("2026-02-22"), day("2026-02-23"), day("2026-03-08")];
        let months = [day("2025-12-31"), day("2026-01-01"), day("2026-02-28")];

        assert_eq!(streak(Cadence::Weekly, weeks, day("2026-03-09")), 3);
        assert_eq!(streak(Cadence::Weekly, weeks, day("2026-02-25")), 2);
        assert_eq!(streak(Cadence::Monthly, months, day("2026-03-01")), 3);
    }

    proptest! {
        #[test]
        fn a_streak_is_never_longer_than_the_days_checked_in(offsets in proptest::collection::btree_set(0u64..60, 0..30)) {
            let today = day("2026-03-31");
            let days: Vec<_> = offsets.iter().filter_map(|offset| today.checked_sub_days(Days::new(*offset))).collect();
            for cadence in [Cadence::Daily, Cadence::Weekly, Cadence::Monthly] {
                prop_assert!(usize::try_from(streak(cadence, days.clone(), today)).unwrap() <= days.len());
            }
        }
    }
}
