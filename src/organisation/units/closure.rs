//! Who stands above whom on which days, worked out from lives and successors. Pure: the store keeps what comes out.
//!
//! A unit that has ended rests: from then on it stands directly under the unit that carries on its history (where it was
//! merged into, or what it stood under when it was closed), or under that one's own successor once that has ended too. So
//! sums over "all below" keep what it did. It is not below itself any more: that tells the resting from the living.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;

use super::timeline::Timeline;
use crate::kit::values::{UnitId, clock::NO_END};

/// Lives of units, and where the history of those that ended goes on.
#[derive(Clone, Debug, Default)]
pub struct Lives {
    /// By unit.
    pub timelines: HashMap<UnitId, Timeline>,
    /// By unit that has ended or is going to.
    pub successors: HashMap<UnitId, UnitId>,
}

/// `ancestor` stands above `descendant`, or is it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line {
    /// The unit above.
    pub ancestor: UnitId,
    /// The unit below.
    pub descendant: UnitId,
    /// How far below; 0 for the unit itself.
    pub depth: i32,
    /// From which day.
    pub from: NaiveDate,
    /// Until which day (not included).
    pub to: NaiveDate,
}

/// Somebody would stand above themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cycle(pub UnitId);

impl Lives {
    /// The unit that carries on the history of `unit` on `day`: itself while it lives.
    pub fn carrier(&self, unit: UnitId, day: NaiveDate) -> Option<UnitId> {
        let mut seen = HashSet::new();
        let mut unit = unit;
        while seen.insert(unit) {
            let life = self.timelines.get(&unit)?;
            if life.on(day).is_some() {
                return Some(unit);
            }
            life.ends().filter(|ends| *ends <= day)?;
            unit = *self.successors.get(&unit)?;
        }
        None
    }

    /// The units above this one on `day`, itself first while it lives, each with how far above it stands.
    pub fn above(&self, unit: UnitId, day: NaiveDate) -> Result<Vec<(UnitId, i32)>, Cycle> {
        let mut chain = Vec::new();
        let mut depth: i32 = 0;
        let mut next = self.carrier(unit, day);
        if next != Some(unit) {
            depth = 1;
        }
        while let Some(ancestor) = next {
            if chain.iter().any(|(other, _)| *other == ancestor) {
                return Err(Cycle(ancestor));
            }
            chain.push((ancestor, depth));
            depth = depth.saturating_add(1);
            let parent = self.timelines.get(&ancestor).and_then(|life| life.on(day)?.state.parent_id);
            next = parent.and_then(|parent| self.carrier(parent, day));
        }
        Ok(chain)
    }

    /// Every line above `unit` from `since` on, joined where nothing changes.
    pub fn lines(&self, unit: UnitId, since: NaiveDate) -> Result<Vec<Line>, Cycle> {
        let mut lines: Vec<Line> = Vec::new();
        let mut day = since;
        while day < NO_END {
            let chain = self.above(unit, day)?;
            let to = self.next_change(unit, &chain, day);
            for (ancestor, depth) in chain {
                let before =
                    lines.iter_mut().find(|line| (line.ancestor, line.depth, line.to) == (ancestor, depth, day));
                match before {
                    Some(line) => line.to = to,
                    None => lines.push(Line { ancestor, descendant: unit, depth, from: day, to }),
                }
            }
            day = to;
        }
        Ok(lines)
    }

    /// The first day after `day` on which the chain may differ.
    fn next_change(&self, unit: UnitId, chain: &[(UnitId, i32)], day: NaiveDate) -> NaiveDate {
        let edges = |unit: &UnitId| {
            let pieces = self.timelines.get(unit).map_or(&[][..], Timeline::pieces);
            pieces.iter().flat_map(|piece| [piece.from, piece.to])
        };
        let all = chain.iter().flat_map(|(above, _)| edges(above)).chain(edges(&unit));
        all.filter(|edge| *edge > day).min().unwrap_or(NO_END)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::organisation::units::{UnitKind, timeline::State};

    fn day(number: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + chrono::Days::new(number)
    }

    fn id(number: u128) -> UnitId {
        UnitId(uuid::Uuid::from_u128(number))
    }

    fn life(parent: Option<u128>) -> Timeline {
        let state = State { name: "a".into(), short_name: None, kind: UnitKind::Other, parent_id: parent.map(id) };
        Timeline::new(state, day(0))
    }

    /// 1 has 2 and 3 below it, 2 has 4.
    fn lives() -> Lives {
        let timelines = [(1, None), (2, Some(1)), (3, Some(1)), (4, Some(2))];
        Lives {
            timelines: timelines.into_iter().map(|(unit, parent)| (id(unit), life(parent))).collect(),
            successors: HashMap::new(),
        }
    }

    #[test]
    fn what_is_merged_rests_under_the_other_and_under_whatever_that_is_merged_into() {
        let mut lives = lives();
        for (unit, into, on) in [(2, 3, 10), (3, 1, 20)] {
            lives.timelines.get_mut(&id(unit)).unwrap().end(day(on));
            for life in lives.timelines.values_mut() {
                life.replace_parent(day(on), id(unit), Some(id(into)));
            }
            lives.successors.insert(id(unit), id(into));
        }

        let lines: Vec<_> = lives
            .lines(id(2), day(0))
            .unwrap()
            .iter()
            .map(|line| (line.ancestor, line.depth, line.from, line.to))
            .collect();

        assert_eq!(
            lines,
            [
                (id(2), 0, day(0), day(10)),
                (id(1), 1, day(0), day(10)),
                (id(3), 1, day(10), day(20)),
                (id(1), 2, day(10), day(20)),
                (id(1), 1, day(20), NO_END),
            ]
        );
        assert_eq!(lives.above(id(4), day(15)).unwrap(), [(id(4), 0), (id(3), 1), (id(1), 2)]);
        assert_eq!(lives.carrier(id(2), day(5)), Some(id(2)));
        assert_eq!(lives.carrier(id(2), day(25)), Some(id(1)));
    }

    #[test]
    fn a_cycle_is_found_on_whichever_day_it_would_begin() {
        let mut lives = lives();
        lives.timelines.get_mut(&id(1)).unwrap().change(day(10), |state| &mut state.parent_id, &Some(id(4)));

        assert!(lives.above(id(1), day(9)).is_ok());
        assert!(lives.lines(id(1), day(0)).is_err());
    }
}
