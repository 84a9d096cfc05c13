//! What a cluster is: units, heads and flag holders, each from a day to a day.

use std::collections::HashMap;

use chrono::{Datelike as _, NaiveDate};

use crate::kit::values::{ClusterId, UnitId, clock::NO_END};

/// A unit's time in a cluster, at its head, or with its flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stay {
    /// Whose.
    pub unit_id: UnitId,
    /// From which day.
    pub from: NaiveDate,
    /// Until which day (not included).
    pub to: NaiveDate,
}

/// An emulation cluster of a year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// Its id.
    pub id: ClusterId,
    /// Its name.
    pub name: String,
    /// The year it competes in.
    pub year: i32,
    /// What it competes under.
    pub motto: Option<String>,
    /// When its joint pledge was signed.
    pub signed_on: Option<NaiveDate>,
    /// Who is in it.
    pub units: Vec<Stay>,
    /// Who heads it, one after the other.
    pub heads: Vec<Stay>,
    /// Who holds the rotating flag, one after the other.
    pub flags: Vec<Stay>,
    /// The row's version, for optimistic locking.
    pub version: i64,
}

impl Cluster {
    /// The first day of its year.
    pub fn first_day(&self) -> NaiveDate {
        NaiveDate::from_ymd_opt(self.year, 1, 1).unwrap_or(NaiveDate::MIN)
    }

    /// The first day after its year.
    pub fn first_day_after(&self) -> NaiveDate {
        NaiveDate::from_ymd_opt(self.year.saturating_add(1), 1, 1).unwrap_or(NO_END)
    }

    /// The day of its year that is nearest to `today`: what is asked of a cluster without a day is asked of this one.
    pub fn day_near(&self, today: NaiveDate) -> NaiveDate {
        today.clamp(self.first_day(), self.first_day_after().pred_opt().unwrap_or(today))
    }

    /// Is `day` one of its year's?
    pub fn runs_on(&self, day: NaiveDate) -> bool {
        day.year() == self.year
    }

    /// The units in it on `day`.
    pub fn units_on(&self, day: NaiveDate) -> Vec<UnitId> {
        on(&self.units, day).collect()
    }

    /// Who heads it on `day`.
    pub fn head_on(&self, day: NaiveDate) -> Option<UnitId> {
        on(&self.heads, day).next()
    }

    /// Lets exactly these units be in it from `day` on. Whoever leaves neither heads it any more nor keeps its flag.
    pub fn set_units(&mut self, units: &[UnitId], day: NaiveDate) {
        let to = self.first_day_after();
        end(&mut self.units, day, |unit| !units.contains(&unit));
        let staying: Vec<UnitId> = self.units.iter().filter(|stay| stay.to > day).map(|stay| stay.unit_id).collect();
        let new = units.iter().filter(|unit| !staying.contains(unit));
        self.units.extend(new.map(|unit| Stay { unit_id: *unit, from: day, to }));
        for stays in [&mut self.heads, &mut self.flags] {
            end(stays, day, |unit| !units.contains(&unit));
        }
    }

    /// Lets this unit head it from `day` on, until the next change of its head that is known.
    pub fn set_head(&mut self, unit: Option<UnitId>, day: NaiveDate) {
        let to = self.next_change(&self.heads, day).unwrap_or(self.first_day_after());
        hand_over(&mut self.heads, unit, day, to);
    }

    /// Passes the rotating flag on, on `day`. It stays where it is until it is passed on again: one that is entered late
    /// leaves the later ones as they were.
    pub fn pass_flag(&mut self, unit: Option<UnitId>, day: NaiveDate) {
        let to = self.next_change(&self.flags, day).unwrap_or(NO_END);
        hand_over(&mut self.flags, unit, day, to);
    }

    /// The next day after `day` on which it came to somebody, or to nobody. One who lost it by leaving the cluster handed
    /// nothing over.
    fn next_change(&self, stays: &[Stay], day: NaiveDate) -> Option<NaiveDate> {
        let next = stays.iter().map(|stay| stay.from).filter(|from| *from > day);
        let left = |stay: &Stay| self.units.iter().any(|unit| unit.unit_id == stay.unit_id && unit.to == stay.to);
        let given_up =
            stays.iter().filter(|stay| stay.from <= day && day < stay.to && stay.to != NO_END && !left(stay));
        next.chain(given_up.map(|stay| stay.to)).min()
    }

    /// Cuts places, headships and flags to the days on which their units live: a unit that came to be in the course of the year
    /// is in it from then on, one that ends leaves it then. `spans` says from when and until when (not included).
    pub fn keep_within(&mut self, spans: &HashMap<UnitId, (NaiveDate, NaiveDate)>) {
        for stays in [&mut self.units, &mut self.heads, &mut self.flags] {
            for stay in stays.iter_mut() {
                if let Some((from, to)) = spans.get(&stay.unit_id) {
                    (stay.from, stay.to) = (stay.from.max(*from), stay.to.min(*to));
                }
            }
            stays.retain(|stay| stay.from < stay.to);
        }
    }
}

fn on(stays: &[Stay], day: NaiveDate) -> impl Iterator<Item = UnitId> {
    stays.iter().filter(move |stay| stay.from <= day && day < stay.to).map(|stay| stay.unit_id)
}

fn end(stays: &mut Vec<Stay>, day: NaiveDate, is_leaving: impl Fn(UnitId) -> bool) {
    stays.retain(|stay| stay.from < day || !is_leaving(stay.unit_id));
    for stay in stays.iter_mut().filter(|stay| stay.to > day && is_leaving(stay.unit_id)) {
        stay.to = day;
    }
}

/// One after the other: on the days of `[day, to)` this one, in the place of whoever had it then.
fn hand_over(stays: &mut Vec<Stay>, unit: Option<UnitId>, day: NaiveDate, to: NaiveDate) {
    stays.retain(|stay| stay.from != day);
    for stay in stays.iter_mut().filter(|stay| stay.from < day && day < stay.to) {
        stay.to = day;
    }
    let Some(unit_id) = unit else { return };
    let mut new = Stay { unit_id, from: day, to };
    // Days of the same one that meet are one time.
    stays.retain(|stay| {
        let meets = stay.unit_id == unit_id && (stay.to == day || stay.from == to);
        if meets {
            (new.from, new.to) = (new.from.min(stay.from), new.to.max(stay.to));
        }
        !meets
    });
    stays.push(new);
    stays.sort_by_key(|stay| stay.from);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(number: u8) -> UnitId {
        UnitId(uuid::Uuid::from_u128(number.into()))
    }

    fn cluster() -> Cluster {
        let none = Vec::new;
        Cluster {
            id: ClusterId::new(),
            name: "Cụm 1".into(),
            year: 2026,
            motto: None,
            signed_on: None,
            units: none(),
            heads: none(),
            flags: none(),
            version: 1,
        }
    }

    #[test]
    fn what_is_entered_late_holds_until_the_next_change_that_is_known() {
        let mut cluster = cluster();
        let day = |month| NaiveDate::from_ymd_opt(2026, month, 1).unwrap();
        let flags = |cluster: &Cluster| -> Vec<_> {
            cluster.flags.iter().map(|stay| (stay.unit_id, stay.from, stay.to)).collect()
        };
        cluster.set_units(&[id(0), id(1), id(2)], day(1));
        cluster.pass_flag(Some(id(0)), day(2));
        cluster.pass_flag(Some(id(1)), day(7));
        cluster.pass_flag(None, day(9));

        cluster.pass_flag(Some(id(2)), day(4));
        cluster.pass_flag(Some(id(2)), day(8));

        let (before, after) = ((id(1), day(7), day(8)), (id(2), day(8), day(9)));
        assert_eq!(flags(&cluster), [(id(0), day(2), day(4)), (id(2), day(4), day(7)), before, after]);
        cluster.pass_flag(Some(id(1)), day(4));
        assert_eq!(flags(&cluster), [(id(0), day(2), day(4)), (id(1), day(4), day(8)), after]);
        cluster.set_head(Some(id(0)), day(6));
        cluster.set_head(Some(id(1)), day(1));
        assert_eq!((cluster.head_on(day(5)), cluster.head_on(day(6))), (Some(id(1)), Some(id(0))));
    }

    #[test]
    fn who_has_the_flag_from_one_that_leaves_later_keeps_it() {
        let mut cluster = cluster();
        let day = |month| NaiveDate::from_ymd_opt(2026, month, 1).unwrap();
        cluster.set_units(&[id(0), id(1)], day(1));
        cluster.pass_flag(Some(id(0)), day(2));
        cluster.set_units(&[id(1)], day(7));

        cluster.pass_flag(Some(id(1)), day(4));

        assert_eq!(cluster.flags.last().map(|stay| (stay.unit_id, stay.to)), Some((id(1), NO_END)));
    }

    proptest! {
        /// Whatever is decided in whichever order, one unit at a time holds the flag, one heads the cluster, none is in it
        /// twice, and both are of those in it.
        #[test]
        fn one_at_a_time(steps in proptest::collection::vec((0u8..3, 0u8..4, 0u64..100), 1..20)) {
            let mut cluster = cluster();
            let first = cluster.first_day();
            cluster.set_units(&[id(0), id(1), id(2), id(3)], first);
            for (step, unit, day) in steps {
                let day = first + chrono::Days::new(day);
                match step {
                    0 => cluster.set_head(Some(id(unit)).filter(|unit| cluster.units_on(day).contains(unit)), day),
                    1 => cluster.pass_flag(Some(id(unit)).filter(|unit| cluster.units_on(day).contains(unit)), day),
                    _ => cluster.set_units(&[id(unit), id((unit + 1) % 4)], day),
                }
                for day in (0..100).map(|number| first + chrono::Days::new(number)) {
                    let (heads, flags): (Vec<_>, Vec<_>) =
                        (on(&cluster.heads, day).collect(), on(&cluster.flags, day).collect());
                    prop_assert!(heads.len() <= 1 && flags.len() <= 1);
                    let mut units = cluster.units_on(day);
                    units.sort();
                    units.dedup();
                    prop_assert_eq!(units.len(), cluster.units_on(day).len());
                }
                prop_assert!(cluster.units.iter().chain(&cluster.heads).chain(&cluster.flags).all(|one| one.from < one.to));
            }
        }
    }
}
