//! The parts of a campaign as they come in: phases and targets, parsed into valid ones with every fault at once.

use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Phase, Target, TargetKind, Usual};
use crate::kit::{
    problems::{FaultCode, Faults},
    values::{PhaseId, Quantity, TargetId},
};

mod store;

pub use store::{delete_parts, foreign_phases, foreign_targets, parts_of, save_parts, target};

/// A phase of a campaign.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPhase {
    /// Its id, when it is there already; or one of your own making: any UUID (RFC 9562) but nil and max, best of version 7,
    /// which sorts by time.
    pub id: Option<PhaseId>,
    /// Its number; absent: its place in the list.
    #[schema(minimum = 1, maximum = 100)]
    pub ordinal: Option<i32>,
    /// Its name.
    #[schema(min_length = 1, max_length = 200, examples("Đợt 1"))]
    pub name: String,
    /// Its first day.
    #[schema(examples("2026-01-01"))]
    pub starts_on: NaiveDate,
    /// Its last day.
    #[schema(examples("2026-06-30"))]
    pub ends_on: NaiveDate,
    /// What it is about.
    #[schema(max_length = 2000, examples("Chào mừng đại hội Đảng các cấp"), content_media_type = "text/plain")]
    pub focus: Option<String>,
}

/// A target of a campaign.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTarget {
    /// Its id, when it is there already; or one of your own making: any UUID (RFC 9562) but nil and max, best of version 7,
    /// which sorts by time.
    pub id: Option<TargetId>,
    /// Its name.
    #[schema(min_length = 1, max_length = 300, examples("Cây xanh trồng mới"))]
    pub name: String,
    /// What it is counted in. `%` makes it a percentage, which takes no commitments of its own.
    #[schema(min_length = 1, max_length = 50, examples("cây"))]
    pub unit_of_measure: String,
    /// How much is to be reached; absent or null: as much as possible.
    pub goal: Option<Quantity>,
    /// For a percentage: the target of this campaign whose verified sum it is a share of.
    pub numerator_target_id: Option<TargetId>,
    /// For a percentage: the stated whole.
    pub denominator: Option<Quantity>,
}

/// A condition that is met or not.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(min_length = 1, max_length = 1000, examples("Xã có dịch vụ viễn thông, internet"))]
pub struct NewCriterion(pub String);

/// The phases, in order: inside the campaign, each ending after it starts, none overlapping another.
pub fn parse_phases(new: Vec<NewPhase>, starts_on: NaiveDate, ends_on: NaiveDate, faults: &mut Faults) -> Vec<Phase> {
    let mut phases: Vec<Phase> = Vec::with_capacity(new.len());
    for (place, phase) in new.into_iter().enumerate() {
        let at = |field: &str| format!("/phases/{place}/{field}");
        let ordinal = phase.ordinal.unwrap_or_else(|| i32::try_from(place).unwrap_or(i32::MAX).saturating_add(1));
        faults.add_if(phase.ends_on < phase.starts_on, at("ends_on"), FaultCode::EndsBeforeStart);
        let is_outside = phase.starts_on < starts_on || phase.ends_on > ends_on;
        faults.add_if(is_outside, at("starts_on"), FaultCode::OutsideCampaign);
        let is_double = phase.id.is_some_and(|id| phases.iter().any(|other| other.id == id));
        faults.add_if(is_double, at("id"), FaultCode::Duplicate);
        let overlaps = phases.iter().any(|other| phase.starts_on <= other.ends_on && other.starts_on <= phase.ends_on);
        faults.add_if(overlaps, at("starts_on"), FaultCode::Duplicate);
        faults.add_if(phases.iter().any(|other| other.ordinal == ordinal), at("ordinal"), FaultCode::Duplicate);
        phases.push(Phase {
            id: phase.id.unwrap_or_default(),
            ordinal,
            name: phase.name,
            starts_on: phase.starts_on,
            ends_on: phase.ends_on,
            focus: phase.focus,
        });
    }
    phases.sort_by_key(|phase| phase.ordinal);
    phases
}

/// The targets, in order. A percentage names a quantity beside it, and a whole, or neither yet.
pub fn parse_targets(new: Vec<NewTarget>, faults: &mut Faults) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::with_capacity(new.len());
    for (place, target) in new.into_iter().enumerate() {
        let at = |field: &str| format!("/targets/{place}/{field}");
        let is_percentage = target.unit_of_measure == "%";
        let (numerator, denominator) = (target.numerator_target_id, target.denominator);
        if is_percentage {
            faults.add_if(numerator.is_some() && denominator.is_none(), at("denominator"), FaultCode::Missing);
            faults.add_if(denominator == Some(Quantity::ZERO), at("denominator"), FaultCode::NotAllowed);
        } else {
            faults.add_if(numerator.is_some(), at("numerator_target_id"), FaultCode::NotAllowed);
            faults.add_if(denominator.is_some(), at("denominator"), FaultCode::NotAllowed);
        }
        let is_double = target.id.is_some_and(|id| targets.iter().any(|other| other.id == id));
        faults.add_if(is_double, at("id"), FaultCode::Duplicate);
        targets.push(Target {
            id: target.id.unwrap_or_default(),
            name: target.name,
            unit_of_measure: target.unit_of_measure,
            kind: if is_percentage { TargetKind::Percentage } else { TargetKind::Quantity },
            goal: target.goal,
            numerator_target_id: numerator,
            denominator,
            usual: Usual::default(),
        });
    }
    for (place, target) in targets.iter().enumerate() {
        let is_quantity = |id| targets.iter().any(|other| other.id == id && other.kind == TargetKind::Quantity);
        let is_wrong = target.numerator_target_id.is_some_and(|id| !is_quantity(id));
        faults.add_if(is_wrong, format_args!("/targets/{place}/numerator_target_id"), FaultCode::NoSuchThing);
    }
    targets
}
