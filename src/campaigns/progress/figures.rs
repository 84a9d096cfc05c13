//! Figures gathered by unit.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;

use super::wire::{TargetProgress, UnitProgress};
use crate::{
    campaigns::{
        campaigns::{Campaign, Target, TargetKind},
        ledger::{self, Part, UnitFigures},
        pledges,
    },
    db::ConnectionTrait,
    kit::{
        problems::Problem,
        values::{CampaignId, TargetId, Total, UnitId, text::sort_key},
    },
    organisation::units,
};

type Pledged = HashMap<(TargetId, UnitId), Total>;

/// The three figures behind a view.
pub struct Figures {
    /// What is pledged, by target and unit.
    pledged: HashMap<(TargetId, UnitId), Total>,
    /// What is reported and verified, likewise.
    counted: UnitFigures,
    /// What units are called.
    names: HashMap<UnitId, String>,
}

impl Figures {
    /// By the units of `day`: what was done in one that is no more is listed under the one that carries it on.
    pub async fn of_units(
        db: &impl ConnectionTrait,
        campaigns: &[Campaign],
        part: Part,
        day: NaiveDate,
    ) -> Result<Self, Problem> {
        let (pledged, counted) = read(db, campaigns, part).await?;
        let units: Vec<UnitId> = units_in(&pledged, &counted);
        let carriers = units::carriers_on(db, &units, day).await?;
        Self::gathered(db, pledged, counted, day, |unit| carriers.get(&unit).copied().unwrap_or(unit)).await
    }

    /// By the units directly under `top` on `day`, each with all below it; the rest under `top` itself.
    pub async fn of_branches(
        db: &impl ConnectionTrait,
        campaigns: &[Campaign],
        part: Part,
        top: UnitId,
        day: NaiveDate,
    ) -> Result<Self, Problem> {
        let (pledged, counted) = read(db, campaigns, part).await?;
        let branches = units::branches_on(db, top, day).await?;
        Self::gathered(db, pledged, counted, day, |unit| branches.get(&unit).copied().unwrap_or(top)).await
    }

    async fn gathered(
        db: &impl ConnectionTrait,
        pledged: Pledged,
        counted: UnitFigures,
        day: NaiveDate,
        place: impl Fn(UnitId) -> UnitId,
    ) -> Result<Self, Problem> {
        let mut figures = Self { pledged: Pledged::new(), counted: UnitFigures::new(), names: HashMap::new() };
        for ((target, unit), quantity) in pledged {
            let sum = figures.pledged.entry((target, place(unit))).or_default();
            *sum = *sum + quantity;
        }
        for ((target, unit), (reported, verified)) in counted {
            let sums = figures.counted.entry((target, place(unit))).or_default();
            *sums = (sums.0 + reported, sums.1 + verified);
        }
        figures.names = units::names_on(db, &units_in(&figures.pledged, &figures.counted), day).await?;
        Ok(figures)
    }

    /// A target's view. A percentage is what was pledged, reported and verified of its numerator over its stated whole.
    pub fn of(&self, target: &Target) -> TargetProgress {
        let (source, whole) = match target.kind {
            TargetKind::Quantity => (Some(target.id), None),
            TargetKind::Percentage => (target.numerator_target_id, target.denominator),
        };
        let scaled = |figure: Total| match (target.kind, whole) {
            (TargetKind::Quantity, _) => figure,
            (TargetKind::Percentage, Some(whole)) => figure.percent_of(whole).unwrap_or_default(),
            (TargetKind::Percentage, None) => Total::ZERO,
        };
        let by_unit = source.map(|source| self.by_unit(source)).unwrap_or_default();
        let sum = |pick: fn(&(Total, Total, Total)) -> Total| scaled(by_unit.values().map(pick).sum());
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
        units.sort_by_cached_key(|unit| (sort_key(&unit.name), unit.unit_id));
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

    fn by_unit(&self, target: TargetId) -> BTreeMap<UnitId, (Total, Total, Total)> {
        let mut units: BTreeMap<UnitId, (Total, Total, Total)> = BTreeMap::new();
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

async fn read(
    db: &impl ConnectionTrait,
    campaigns: &[Campaign],
    part: Part,
) -> Result<(Pledged, UnitFigures), Problem> {
    let ids: Vec<CampaignId> = campaigns.iter().map(|campaign| campaign.id).collect();
    let targets: Vec<TargetId> =
        campaigns.iter().flat_map(|campaign| &campaign.targets).map(|target| target.id).collect();
    Ok((pledges::pledged_by_unit(db, &ids, part).await?, ledger::totals_in(db, &targets, part).await?))
}

fn units_in(pledged: &Pledged, counted: &UnitFigures) -> Vec<UnitId> {
    let mut units: Vec<UnitId> = pledged.keys().chain(counted.keys()).map(|(_, unit)| *unit).collect();
    units.sort();
    units.dedup();
    units
}
