//! Progress on the wire.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    campaigns::{
        campaigns::{Target, TargetKind},
        ledger::UnitFigures,
    },
    kit::{
        ids::{TargetId, UnitId},
        quantity::Quantity,
    },
};

/// The figures of a campaign.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProgressView {
    /// The moment they stand at.
    pub as_of: DateTime<Utc>,
    /// By target, in the campaign's order. Nothing adds across them.
    pub targets: Vec<TargetProgress>,
}

/// The figures of a target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TargetProgress {
    /// Of which.
    pub id: TargetId,
    /// Its name.
    #[schema(examples("Cây xanh trồng mới"))]
    pub name: String,
    /// What it is counted in.
    #[schema(examples("cây"))]
    pub unit_of_measure: String,
    /// How much is to be reached.
    pub goal: Option<Quantity>,
    /// The sum of the commitments in signed pledges.
    pub pledged: Quantity,
    /// The sum of the check-ins that were submitted or verified.
    pub reported: Quantity,
    /// The sum of the check-ins that were verified.
    pub verified: Quantity,
    /// What was verified, in percent of the goal, to 3 decimals; null without a goal. For a percentage: its figure itself.
    pub percent: Option<Quantity>,
    /// By unit: those with any figure, by name.
    pub units: Vec<UnitProgress>,
}

/// The figures of a target in a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct UnitProgress {
    /// Of which unit.
    pub unit_id: UnitId,
    /// Its name.
    #[schema(examples("Chi bộ Trường Cao đẳng Du lịch Đà Lạt"))]
    pub name: String,
    /// What it has pledged.
    pub pledged: Quantity,
    /// What it has reported.
    pub reported: Quantity,
    /// What of it was verified.
    pub verified: Quantity,
}

/// The three figures behind a view.
pub struct Figures<'a> {
    /// What is pledged, by target and unit.
    pub pledged: &'a HashMap<(TargetId, UnitId), Quantity>,
    /// What is reported and verified, likewise.
    pub counted: &'a UnitFigures,
    /// What units are called.
    pub names: &'a HashMap<UnitId, String>,
}

impl Figures<'_> {
    /// A target's view. A percentage is what was pledged, reported and verified of its numerator over its stated whole.
    pub fn of(&self, target: &Target) -> TargetProgress {
        let (source, whole) = match target.kind {
            TargetKind::Quantity => (Some(target.id), None),
            TargetKind::Percentage => (target.numerator_target_id, target.denominator),
        };
        let scaled = |figure: Quantity| match (target.kind, whole) {
            (TargetKind::Quantity, _) => figure,
            (TargetKind::Percentage, Some(whole)) => figure.percent_of(whole).unwrap_or_default(),
            (TargetKind::Percentage, None) => Quantity::ZERO,
        };
        let by_unit = source.map(|source| self.by_unit(source)).unwrap_or_default();
        let sum = |pick: fn(&(Quantity, Quantity, Quantity)) -> Quantity| scaled(by_unit.values().map(pick).sum());
        let verified = sum(|figures| figures.2);
        let percent = match target.kind {
            TargetKind::Quantity => target.goal.and_then(|goal| verified.percent_of(goal)),
            TargetKind::Percentage => whole.map(|_| verified),
        };
        let mut units: Vec<_> = by_unit
            .iter()
            .map(|(unit, (pledged, reported, verified))| UnitProgress {
                unit_id: *unit,
                name: self.names.get(unit).cloned().unwrap_or_default(),
                pledged: scaled(*pledged),
                reported: scaled(*reported),
                verified: scaled(*verified),
            })
            .collect();
        units.sort_by(|one, other| one.name.cmp(&other.name).then(one.unit_id.cmp(&other.unit_id)));
        TargetProgress {
            id: target.id,
            name: target.name.clone(),
            unit_of_measure: target.unit_of_measure.clone(),
            goal: target.goal,
            pledged: sum(|figures| figures.0),
            reported: sum(|figures| figures.1),
            verified,
            percent,
            units,
        }
    }

    fn by_unit(&self, target: TargetId) -> BTreeMap<UnitId, (Quantity, Quantity, Quantity)> {
        let mut units: BTreeMap<UnitId, (Quantity, Quantity, Quantity)> = BTreeMap::new();
        for ((_, unit), pledged) in self.pledged.iter().filter(|((id, _), _)| *id == target) {
            units.entry(*unit).or_default().0 = *pledged;
        }
        for ((_, unit), (reported, verified)) in self.counted.iter().filter(|((id, _), _)| *id == target) {
            let figures = units.entry(*unit).or_default();
            (figures.1, figures.2) = (*reported, *verified);
        }
        units
    }
}
