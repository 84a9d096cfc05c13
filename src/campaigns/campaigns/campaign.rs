//! What a campaign is, and what may happen to it.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    kit::{
        problems::{Code, Problem},
        values::{CampaignId, ClusterId, PhaseId, Quantity, TargetId, UnitId},
    },
    organisation::units::UnitKind,
};

pub use crate::entity::{
    campaign::{Kind, Status},
    target::TargetKind,
};

/// A campaign with all that belongs to it.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// Its id.
    pub id: CampaignId,
    /// Its form.
    pub kind: Kind,
    /// Its name.
    pub title: String,
    /// What it stands under.
    pub slogan: Option<String>,
    /// It in a sentence.
    pub summary: Option<String>,
    /// It in full, in markdown.
    pub body: Option<String>,
    /// Where it stands.
    pub status: Status,
    /// Its first day.
    pub starts_on: NaiveDate,
    /// Its last day.
    pub ends_on: NaiveDate,
    /// Who launches it.
    pub launched_by_unit_id: UnitId,
    /// When it was launched.
    pub launched_at: Option<DateTime<Utc>>,
    /// When it was closed.
    pub closed_at: Option<DateTime<Utc>>,
    /// For whom it is.
    pub audience: Audience,
    /// Its phases, in order.
    pub phases: Vec<Phase>,
    /// What it is measured by, in order.
    pub targets: Vec<Target>,
    /// Conditions that are met or not, in order.
    pub criteria: Vec<String>,
    /// Days of the year that it is pinned to, in order.
    pub milestones: Vec<Milestone>,
    /// The row's version, for optimistic locking.
    pub version: i64,
}

/// For whom a campaign is: whoever fits one of these; everyone, when there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Audience {
    /// Units of these kinds.
    #[schema(max_items = 8)]
    pub unit_kinds: Vec<UnitKind>,
    /// These units, each with all below it.
    #[schema(max_items = 1000)]
    pub unit_ids: Vec<UnitId>,
    /// The units of these clusters, each with all below it.
    #[schema(max_items = 100)]
    pub cluster_ids: Vec<ClusterId>,
}

/// A numbered part of a campaign's time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Phase {
    /// Its id.
    pub id: PhaseId,
    /// Its number, from 1.
    #[schema(examples(1))]
    pub ordinal: i32,
    /// Its name.
    #[schema(examples("Đợt 1"))]
    pub name: String,
    /// Its first day.
    #[schema(examples("2026-01-01"))]
    pub starts_on: NaiveDate,
    /// Its last day.
    #[schema(examples("2026-06-30"))]
    pub ends_on: NaiveDate,
    /// What it is about.
    #[schema(examples("Chào mừng đại hội Đảng các cấp"))]
    pub focus: Option<String>,
}

/// What a campaign is measured by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Target {
    /// Its id.
    pub id: TargetId,
    /// Its name.
    #[schema(examples("Cây xanh trồng mới"))]
    pub name: String,
    /// What it is counted in.
    #[schema(examples("cây"))]
    pub unit_of_measure: String,
    /// How its figure is made.
    pub kind: TargetKind,
    /// How much is to be reached; null: as much as possible.
    pub goal: Option<Quantity>,
    /// For a percentage: the target whose verified sum it is a share of.
    pub numerator_target_id: Option<TargetId>,
    /// For a percentage: the stated whole.
    pub denominator: Option<Quantity>,
    /// What people usually pledge and report for it at once.
    #[serde(skip)]
    #[schema(ignore)]
    pub usual: Usual,
}

/// What people usually pledge and report for a target at once, by which an unlikely check-in is told. It is looked at again
/// from time to time and is no figure of the campaign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usual {
    /// The median; none while it stands for too few people.
    pub quantity: Option<Quantity>,
    /// When it was found.
    pub found_at: Option<DateTime<Utc>>,
}

/// A day of the year that a campaign is pinned to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Milestone {
    /// Its name.
    #[schema(min_length = 1, max_length = 200, examples("Giỗ Tổ Hùng Vương"))]
    pub name: String,
    /// Month and day, `MM-DD`.
    #[schema(pattern = "^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$", examples("03-10"))]
    pub on: String,
    /// Is it a day of the lunar calendar?
    #[serde(default)]
    #[schema(default = false)]
    pub is_lunar: bool,
}

impl Campaign {
    /// Draft to launched.
    pub fn launch(&mut self, now: DateTime<Utc>) -> Result<(), Problem> {
        if self.status != Status::Draft {
            return Err(Problem::new(Code::LaunchedCampaign));
        }
        self.status = Status::Launched;
        self.launched_at = Some(now);
        Ok(())
    }

    /// Launched to closed.
    pub fn close(&mut self, now: DateTime<Utc>) -> Result<(), Problem> {
        self.require_running()?;
        self.status = Status::Closed;
        self.closed_at = Some(now);
        Ok(())
    }

    /// It takes pledges and check-ins only while it runs.
    pub fn require_running(&self) -> Result<(), Problem> {
        if self.status == Status::Launched { Ok(()) } else { Err(Problem::new(Code::CampaignNotLaunched)) }
    }

    /// Does it last over this day?
    pub fn includes(&self, day: NaiveDate) -> bool {
        (self.starts_on..=self.ends_on).contains(&day)
    }

    /// The phase of this day.
    pub fn phase_of(&self, day: NaiveDate) -> Option<&Phase> {
        self.phases.iter().find(|phase| (phase.starts_on..=phase.ends_on).contains(&day))
    }

    /// Is this day in the campaign, and in a phase where it has phases?
    pub fn counts_day(&self, day: NaiveDate) -> bool {
        self.includes(day) && (self.phases.is_empty() || self.phase_of(day).is_some())
    }

    /// Its target of that id.
    pub fn target(&self, id: TargetId) -> Option<&Target> {
        self.targets.iter().find(|target| target.id == id)
    }
}
