//! The units that rows speak of, as they are today.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use uuid::Uuid;

use crate::{
    kit::{
        problems::FaultCode,
        values::{UnitId, clock::NO_END, text::fold},
    },
    organisation::{
        imports::{file::name_key, reference::UnitReference},
        units::Unit,
    },
};

/// The units that rows speak of, as they are today, and which of them the caller manages.
#[derive(Debug, Default)]
pub struct KnownUnits {
    by_id: HashMap<Uuid, Unit>,
    by_code: HashMap<String, Uuid>,
    by_folded_name: HashMap<String, Vec<Uuid>>,
    /// None: all of them.
    permitted: Option<HashSet<Uuid>>,
    lives: HashMap<UnitId, (NaiveDate, NaiveDate)>,
    code_holders: HashMap<String, Uuid>,
}

impl KnownUnits {
    /// These units, of which the caller manages those (none: all).
    pub fn new(units: Vec<Unit>, permitted: Option<HashSet<Uuid>>) -> Self {
        let mut known = Self { permitted, ..Self::default() };
        for unit in units {
            known.by_code.extend(unit.code.clone().map(|code| (code, unit.id.0)));
            known.by_folded_name.entry(fold(&unit.name)).or_default().push(unit.id.0);
            known.by_id.insert(unit.id.0, unit);
        }
        for same_name in known.by_folded_name.values_mut() {
            same_name.sort_unstable();
            same_name.dedup();
        }
        known
    }

    /// The unit of that id.
    pub fn get(&self, id: Uuid) -> Option<&Unit> {
        self.by_id.get(&id)
    }

    /// The unit of that code.
    pub fn coded(&self, code: &str) -> Option<Uuid> {
        self.by_code.get(code).copied()
    }

    /// The same, with the days on which they begin and end.
    pub fn with_lives(self, lives: HashMap<UnitId, (NaiveDate, NaiveDate)>) -> Self {
        Self { lives, ..self }
    }

    /// The same, with the units that have codes, be they there today or not.
    pub fn with_code_holders(self, code_holders: HashMap<String, Uuid>) -> Self {
        Self { code_holders, ..self }
    }

    /// The unit that has this code, be it there today or not: a code is never given twice.
    pub fn code_holder(&self, code: &str) -> Option<Uuid> {
        self.code_holders.get(code).copied()
    }

    /// Has it no end yet?
    pub fn is_open(&self, id: Uuid) -> bool {
        self.lives.get(&UnitId(id)).is_some_and(|(_, to)| *to == NO_END)
    }

    /// The first day of its life, under whatever name.
    pub fn begins(&self, id: Uuid) -> Option<NaiveDate> {
        self.lives.get(&UnitId(id)).map(|(from, _)| *from)
    }

    /// Does the caller manage it?
    pub fn is_permitted(&self, id: Uuid) -> bool {
        self.permitted.as_ref().is_none_or(|permitted| permitted.contains(&id))
    }

    /// Does the caller manage everything?
    pub const fn is_everywhere(&self) -> bool {
        self.permitted.is_none()
    }

    /// The units of exactly that name; where there is none, those that differ in their marks only.
    pub fn named(&self, name: &str) -> Vec<Uuid> {
        let alike = self.by_folded_name.get(&fold(name)).map(Vec::as_slice).unwrap_or_default();
        let exact = self.exactly(alike, name);
        if exact.is_empty() { alike.to_vec() } else { exact }
    }

    /// The units of exactly that name.
    pub fn named_exactly(&self, name: &str) -> Vec<Uuid> {
        self.exactly(self.by_folded_name.get(&fold(name)).map(Vec::as_slice).unwrap_or_default(), name)
    }

    fn exactly(&self, alike: &[Uuid], name: &str) -> Vec<Uuid> {
        let key = name_key(name);
        let is_same = |id: &&Uuid| self.get(**id).is_some_and(|unit| name_key(&unit.name) == key);
        alike.iter().filter(is_same).copied().collect()
    }

    /// The one unit that is meant. Among several of one name those that the caller manages go first.
    pub fn resolve(&self, meant: &UnitReference) -> Result<Uuid, FaultCode> {
        let found = match meant {
            UnitReference { id: Some(id), .. } => self.get(*id).map(|unit| unit.id.0).into_iter().collect(),
            UnitReference { code: Some(code), .. } => self.coded(code).into_iter().collect(),
            UnitReference { name: Some(name), parent, .. } => match self.coded(name) {
                Some(coded) => vec![coded],
                None => self.below(self.named(name), parent.as_deref()),
            },
            _ => return Err(FaultCode::Missing),
        };
        let own: Vec<Uuid> = found.iter().copied().filter(|id| self.is_permitted(*id)).collect();
        match (own.as_slice(), found.as_slice()) {
            ([one], _) => Ok(*one),
            ([], []) => Err(FaultCode::NoSuchThing),
            ([], _) => Err(FaultCode::NotPermitted),
            _ => Err(FaultCode::Ambiguous),
        }
    }

    fn below(&self, units: Vec<Uuid>, parent: Option<&str>) -> Vec<Uuid> {
        let Some(parent) = parent else { return units };
        let is_meant = |unit: &Unit| {
            let above = unit.parent_id.and_then(|parent| self.get(parent.0));
            above.is_some_and(|above| above.code.as_deref() == Some(parent) || fold(&above.name) == fold(parent))
        };
        units.into_iter().filter(|id| self.get(*id).is_some_and(is_meant)).collect()
    }
}
