//! The life of a unit as pieces: what it was called, what it was and under what it stood, each from a day (included) to a
//! day (not included). Pieces never overlap and have no hole between the first day and the last one.

use chrono::NaiveDate;
use uuid::Uuid;

use super::UnitKind;
use crate::kit::values::{UnitId, clock::NO_END};

/// What holds of a unit for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Its full name.
    pub name: String,
    /// A shorter one.
    pub short_name: Option<String>,
    /// What kind of organisation it is.
    pub kind: UnitKind,
    /// The unit it stands under.
    pub parent_id: Option<UnitId>,
}

/// A state with its days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The id of its row.
    pub id: Uuid,
    /// What holds.
    pub state: State,
    /// From which day.
    pub from: NaiveDate,
    /// Until which day (not included).
    pub to: NaiveDate,
}

/// All pieces of one unit, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline(Vec<Piece>);

impl Timeline {
    /// A life that begins on `from` and has no end.
    pub fn new(state: State, from: NaiveDate) -> Self {
        Self(vec![Piece { id: Uuid::now_v7(), state, from, to: NO_END }])
    }

    /// Of pieces as they were kept.
    pub fn of(mut pieces: Vec<Piece>) -> Self {
        pieces.sort_by_key(|piece| piece.from);
        Self(pieces)
    }

    /// The pieces in order.
    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }

    /// What held on `day`; nothing before the first day and from the end on.
    pub fn on(&self, day: NaiveDate) -> Option<&Piece> {
        self.0.iter().find(|piece| piece.from <= day && day < piece.to)
    }

    /// The first day.
    pub fn begins(&self) -> Option<NaiveDate> {
        self.0.first().map(|piece| piece.from)
    }

    /// The day from which it is no more; none while no end is known.
    pub fn ends(&self) -> Option<NaiveDate> {
        self.0.last().map(|piece| piece.to).filter(|to| *to != NO_END)
    }

    /// Does it live on every day of `[from, to)`?
    pub fn covers(&self, from: NaiveDate, to: NaiveDate) -> bool {
        self.begins().is_some_and(|begins| begins <= from) && self.0.last().is_some_and(|last| to <= last.to)
    }

    /// Is anything planned to differ after `day`?
    pub fn changes_after(&self, day: NaiveDate) -> bool {
        self.0.iter().any(|piece| piece.from > day)
    }

    /// Changes one field from `day` on, until the day on which that very field is planned to change again. A change from
    /// the first day of a piece corrects that piece.
    pub fn change<T: Clone + PartialEq>(&mut self, day: NaiveDate, field: fn(&mut State) -> &mut T, value: &T) {
        self.cut(day);
        let mut old = None;
        for piece in self.0.iter_mut().filter(|piece| piece.from >= day) {
            let place = field(&mut piece.state);
            let old = old.get_or_insert_with(|| place.clone());
            if place != old {
                break;
            }
            *place = value.clone();
        }
        self.join(day);
    }

    /// Puts it under `new` wherever it stands under `old` on `day` or later.
    pub fn replace_parent(&mut self, day: NaiveDate, old: UnitId, new: Option<UnitId>) {
        self.cut(day);
        let under_old = |piece: &&mut Piece| piece.from >= day && piece.state.parent_id == Some(old);
        for piece in self.0.iter_mut().filter(under_old) {
            piece.state.parent_id = new;
        }
        self.join(day);
    }

    /// Ends it: `day` is the first one without it. What was planned for later is dropped.
    pub fn end(&mut self, day: NaiveDate) {
        self.cut(day);
        self.0.retain(|piece| piece.from < day);
    }

    /// Makes `day` the first day of a piece, if it lies within one.
    fn cut(&mut self, day: NaiveDate) {
        let within = self.0.iter().position(|piece| piece.from < day && day < piece.to);
        let Some(place) = within else { return };
        if let Some(piece) = self.0.get_mut(place) {
            let later = Piece { id: Uuid::now_v7(), from: day, ..piece.clone() };
            piece.to = day;
            self.0.insert(place.saturating_add(1), later);
        }
    }

    /// Makes one of neighbours that say the same, where the later one begins on `day` or after it.
    fn join(&mut self, day: NaiveDate) {
        self.0.dedup_by(|later, earlier| {
            let is_same = later.from >= day && later.state == earlier.state;
            if is_same {
                earlier.to = later.to;
            }
            is_same
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(number: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + chrono::Days::new(number)
    }

    fn state(name: &str, parent: Option<u128>) -> State {
        let parent_id = parent.map(|id| UnitId(Uuid::from_u128(id)));
        State { name: name.to_owned(), short_name: None, kind: UnitKind::Other, parent_id }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Rename(u64, String),
        Move(u64, u128),
        Replace(u64, u128, u128),
        End(u64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            (0u64..40, "[a-c]").prop_map(|(day, name)| Step::Rename(day, name)),
            (0u64..40, 1u128..4).prop_map(|(day, parent)| Step::Move(day, parent)),
            (0u64..40, 1u128..4, 1u128..4).prop_map(|(day, old, new)| Step::Replace(day, old, new)),
            (1u64..60).prop_map(Step::End),
        ];
        proptest::collection::vec(step, 1..12)
    }

    fn take(life: &mut Timeline, step: &Step) -> NaiveDate {
        let id = |number: u128| UnitId(Uuid::from_u128(number));
        match step {
            Step::Rename(on, name) => life.change(day(*on), |state| &mut state.name, name),
            Step::Move(on, parent) => life.change(day(*on), |state| &mut state.parent_id, &Some(id(*parent))),
            Step::Replace(on, old, new) => life.replace_parent(day(*on), id(*old), Some(id(*new))),
            Step::End(on) => life.end(day(*on)),
        }
        match step {
            Step::Rename(on, _) | Step::Move(on, _) | Step::Replace(on, ..) | Step::End(on) => day(*on),
        }
    }

    proptest! {
        /// Whatever happens to a unit, its pieces neither overlap nor leave a hole, none is empty, and what held before the
        /// day of a change holds after it.
        #[test]
        fn pieces_follow_one_another_and_the_past_stays(steps in steps()) {
            let mut life = Timeline::new(state("a", Some(1)), day(0));
            for step in &steps {
                let before = life.clone();
                let since = take(&mut life, step);
                prop_assert!(life.pieces().iter().all(|piece| piece.from < piece.to));
                prop_assert!(life.pieces().windows(2).all(|two| two[0].to == two[1].from));
                for past in (0..60).map(day).filter(|past| *past < since) {
                    let shown = |life: &Timeline| life.on(past).map(|piece| (piece.state.clone(), piece.from));
                    prop_assert_eq!(shown(&life), shown(&before), "{}", past);
                }
            }
        }

        /// A change holds on its day, and touches nothing else.
        #[test]
        fn a_change_holds_from_its_day_on(steps in steps(), on in 0u64..40) {
            let mut life = Timeline::new(state("a", Some(1)), day(0));
            for step in steps.iter().filter(|step| !matches!(step, Step::End(_))) {
                take(&mut life, step);
            }
            let before = life.clone();
            life.change(day(on), |state| &mut state.name, &"new".to_owned());
            prop_assert_eq!(&life.on(day(on)).unwrap().state.name, "new");
            for any in (0..60).map(day) {
                let parent = |life: &Timeline| life.on(any).map(|piece| piece.state.parent_id);
                prop_assert_eq!(parent(&life), parent(&before));
            }
        }
    }

    #[test]
    fn a_change_lasts_until_the_same_field_is_planned_to_change() {
        let mut life = Timeline::new(state("a", None), day(0));
        life.change(day(30), |state| &mut state.name, &"later".to_owned());
        life.change(day(20), |state| &mut state.parent_id, &Some(UnitId(Uuid::from_u128(7))));

        life.change(day(10), |state| &mut state.name, &"now".to_owned());

        let names: Vec<_> = life.pieces().iter().map(|piece| (piece.from, piece.state.name.as_str())).collect();
        assert_eq!(names, [(day(0), "a"), (day(10), "now"), (day(20), "now"), (day(30), "later")]);
    }
}
