//! What is to become of a member's row, by what is there.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use uuid::Uuid;

use super::row::MemberRow;
use crate::{
    kit::{problems::FaultCode, values::clock::NO_END},
    organisation::imports::{
        RowFault,
        file::{Column, Headers, name_key},
        import::{Earlier, Outcome},
        units::KnownUnits,
    },
};

/// A member as they are.
#[derive(Clone, Debug)]
pub struct KnownMember {
    /// Who.
    pub id: Uuid,
    /// What they are called.
    pub name: String,
    /// What their private values are found by.
    pub hashes: Hashes,
    /// Where they are at home, today and otherwise.
    pub homes: KnownHomes,
}

/// Where somebody is at home.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KnownHomes {
    /// Today.
    pub present: Option<KnownHome>,
    /// The end of the one before.
    pub earlier_end: Option<NaiveDate>,
    /// The first one that is planned.
    pub later: Option<KnownHome>,
}

/// A home as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownHome {
    /// The membership.
    pub id: Uuid,
    /// Where.
    pub unit_id: Uuid,
    /// Since when.
    pub from: NaiveDate,
}

/// What private values are found by: keyed hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hashes {
    /// Of the phone number.
    pub phone: Option<String>,
    /// Of the code.
    pub code: Option<String>,
    /// Of the e-mail address: tells whether it has changed, not whose it is.
    pub email: Option<String>,
}

/// All that a batch of rows is compared with.
#[derive(Debug, Default)]
pub struct Found {
    /// The members that rows may be about.
    pub members: HashMap<Uuid, KnownMember>,
    /// Whose these are: hashes of phone numbers.
    pub by_phone: HashMap<String, Uuid>,
    /// Whose these are: hashes of codes.
    pub by_code: HashMap<String, Uuid>,
    /// Who is at home in a unit under a name.
    pub by_name: HashMap<(Uuid, String), Vec<Uuid>>,
    /// Those of the members who have a staff account or roles beyond what the importer manages. With their phone number or
    /// code one could sign in as them.
    pub beyond: HashSet<Uuid>,
    /// The units.
    pub units: KnownUnits,
}

/// What is to become of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberDecision {
    /// In a word.
    pub outcome: Outcome,
    /// Whom it is about.
    pub subject: Option<Uuid>,
    /// By which column they were found.
    pub found_by: Column,
    /// Why it is left out.
    pub faults: Vec<RowFault>,
    /// What is to be written.
    pub work: MemberWork,
}

/// What is to be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemberWork {
    /// Another name.
    pub name: Option<String>,
    /// Another phone number, with its hash.
    pub phone: Option<(String, String)>,
    /// Another code, with its hash.
    pub code: Option<(String, String)>,
    /// Another e-mail address, with its hash.
    pub email: Option<(String, String)>,
    /// Another home.
    pub home: Option<HomeWork>,
}

/// What is to become of a home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HomeWork {
    /// A first one, or one after a time in none.
    Begin { unit: Uuid, from: NaiveDate },
    /// Another one: the old one ends on the day the new one begins.
    Move { old: Uuid, unit: Uuid, from: NaiveDate },
    /// The same one, but it began on another day: `first` is the earlier one of the two.
    Since { home: Uuid, from: NaiveDate, first: NaiveDate },
    /// It began today, and was elsewhere all along.
    Instead { home: Uuid, unit: Uuid, from: NaiveDate },
}

/// Decides about a row. Who was there when the plan was made and is not any more is a conflict; so is somebody who was not
/// there then, unless nothing about them is to change.
pub fn decide(
    row: &MemberRow,
    hashes: &Hashes,
    earlier: Option<Earlier>,
    headers: &Headers,
    found: &Found,
    today: NaiveDate,
) -> MemberDecision {
    let refuse = |column: Column, code: FaultCode| MemberDecision {
        outcome: Outcome::Refuse,
        subject: None,
        found_by: column,
        faults: vec![RowFault::new(headers.name_of(column), code)],
        work: MemberWork::default(),
    };
    let unit = if row.unit.is_empty() { None } else { Some(found.units.resolve(&row.unit)) };
    let unit = match unit.transpose() {
        Ok(unit) => unit,
        Err(code) => return refuse(row.unit.column(), code),
    };
    let (member, found_by) = match whose(row, hashes, earlier, unit, found) {
        Ok(found) => found,
        Err((column, code)) => return refuse(column, code),
    };
    // Whoever is at home nowhere is no manager's: accounts of staff are such.
    let is_elsewhere = |member: &KnownMember| match member.homes.present {
        Some(home) => !found.units.is_permitted(home.unit_id),
        None => !found.units.is_everywhere(),
    };
    if member.is_some_and(is_elsewhere) {
        // Numbers are unique, so that one is taken cannot be kept from anybody; by whom, and where they are, can.
        let code = if found_by == Column::Phone { FaultCode::Taken } else { FaultCode::NotPermitted };
        return refuse(found_by, code);
    }
    if member.is_none() && unit.is_none() {
        return refuse(Column::Unit, FaultCode::Missing);
    }
    let own = member.map(|member| member.id);
    let taken = |by: &HashMap<String, Uuid>, hash: &Option<String>| {
        hash.as_ref().and_then(|hash| by.get(hash)).is_some_and(|other| Some(*other) != own)
    };
    for (column, is_taken) in
        [(Column::Phone, taken(&found.by_phone, &hashes.phone)), (Column::Code, taken(&found.by_code, &hashes.code))]
    {
        if is_taken {
            return refuse(column, FaultCode::Taken);
        }
    }
    let home = home_work(row, unit, member, today).and_then(|home| {
        // The past of those who are there is for admins.
        let is_past = member.is_some() && home.is_some_and(|home| home.first_day() < today);
        if is_past && !found.units.is_everywhere() {
            return Err((Column::Since, FaultCode::InPast));
        }
        // A unit that has ended, or is going to, takes nobody in.
        match home.and_then(HomeWork::enters) {
            // Nor does one take somebody over from another before it was there.
            Some(unit) if home.is_some_and(|home| home.is_move_before(found.units.begins(unit))) => {
                Err((Column::Since, FaultCode::OverlapsEarlier))
            }
            Some(unit) if !found.units.is_open(unit) => Err((row.unit.column(), FaultCode::EndsTooSoon)),
            _ => Ok(home),
        }
    });
    let home = match home {
        Ok(home) => home,
        Err((column, code)) => return refuse(column, code),
    };
    let known = member.map(|member| &member.hashes);
    let changed = |plain: &Option<String>, hash: &Option<String>, known: Option<&String>| {
        plain.clone().zip(hash.clone()).filter(|(_, hash)| known != Some(hash))
    };
    let work = MemberWork {
        name: (member.map(|member| member.name.as_str()) != Some(row.name.as_str())).then(|| row.name.clone()),
        phone: changed(&row.phone, &hashes.phone, known.and_then(|known| known.phone.as_ref())),
        code: changed(&row.code, &hashes.code, known.and_then(|known| known.code.as_ref())),
        email: changed(&row.email, &hashes.email, known.and_then(|known| known.email.as_ref())),
        home,
    };
    if let Some(column) = work.contact_column().filter(|_| own.is_some_and(|own| found.beyond.contains(&own))) {
        return refuse(column, FaultCode::NotPermitted);
    }
    let new = earlier.and_then(Earlier::to_be_made);
    let outcome = match member {
        None => Outcome::Create,
        Some(_) if work == MemberWork::default() => Outcome::Keep,
        Some(_) if new.is_some() => return refuse(found_by, FaultCode::Taken),
        Some(member) if row.is_told_by_name() || member.is_told_by(row, hashes) => Outcome::Change,
        Some(_) => Outcome::Adopt,
    };
    MemberDecision { outcome, subject: own.or(new), found_by, faults: Vec::new(), work }
}

impl KnownMember {
    /// Does the row have what only they have?
    fn is_told_by(&self, row: &MemberRow, hashes: &Hashes) -> bool {
        let is_same = |one: &Option<String>, other: &Option<String>| one.is_some() && one == other;
        row.id == Some(self.id)
            || is_same(&self.hashes.code, &hashes.code)
            || is_same(&self.hashes.phone, &hashes.phone)
    }
}

impl Hashes {
    /// Do these belong to two people? So they do where both have a code, or a number, and not the same.
    fn contradict(&self, other: &Self) -> bool {
        let differ = |one: &Option<String>, other: &Option<String>| one.is_some() && other.is_some() && one != other;
        differ(&self.code, &other.code) || differ(&self.phone, &other.phone)
    }
}

impl HomeWork {
    /// The first day on which something is to be different.
    const fn first_day(self) -> NaiveDate {
        match self {
            Self::Begin { from, .. } | Self::Move { from, .. } | Self::Instead { from, .. } => from,
            Self::Since { first, .. } => first,
        }
    }

    /// Would somebody leave a unit for one that begins later?
    fn is_move_before(self, begins: Option<NaiveDate>) -> bool {
        matches!(self, Self::Move { from, .. } if begins.is_some_and(|begins| from < begins))
    }

    /// The unit that somebody is to come into.
    const fn enters(self) -> Option<Uuid> {
        match self {
            Self::Begin { unit, .. } | Self::Move { unit, .. } | Self::Instead { unit, .. } => Some(unit),
            Self::Since { .. } => None,
        }
    }
}

impl MemberWork {
    /// The first of the columns by which somebody is found or reached that is to change.
    const fn contact_column(&self) -> Option<Column> {
        if self.phone.is_some() {
            Some(Column::Phone)
        } else if self.code.is_some() {
            Some(Column::Code)
        } else if self.email.is_some() {
            Some(Column::Email)
        } else {
            None
        }
    }
}

type Whose<'f> = Result<(Option<&'f KnownMember>, Column), (Column, FaultCode)>;

/// Whom a row is about: by id, else by code, else by phone number, else by name within the unit. Whoever has another code or
/// number than the row is a namesake; whoever has none may be given them.
fn whose<'f>(
    row: &MemberRow,
    hashes: &Hashes,
    earlier: Option<Earlier>,
    unit: Option<Uuid>,
    found: &'f Found,
) -> Whose<'f> {
    if let Some(Earlier::Known(id)) = earlier {
        let known = found.members.get(&id).ok_or((Column::Name, FaultCode::NoSuchThing))?;
        // Found by their name alone they may have got a number of their own since.
        let is_other = !known.is_told_by(row, hashes) && hashes.contradict(&known.hashes);
        return if is_other { Err((Column::Name, FaultCode::OtherIdentity)) } else { Ok((Some(known), Column::Name)) };
    }
    let by = |by: &HashMap<String, Uuid>, hash: &Option<String>| hash.as_ref().and_then(|hash| by.get(hash)).copied();
    let (coded, phoned) = (by(&found.by_code, &hashes.code), by(&found.by_phone, &hashes.phone));
    if let Some(id) = row.id {
        let known = found.members.get(&id).ok_or((Column::Id, FaultCode::NoSuchThing))?;
        if coded.is_some_and(|other| other != id) {
            return Err((Column::Code, FaultCode::OtherIdentity));
        }
        return if phoned.is_some_and(|other| other != id) {
            Err((Column::Phone, FaultCode::OtherIdentity))
        } else {
            Ok((Some(known), Column::Id))
        };
    }
    if let Some(id) = coded {
        return if phoned.is_some_and(|other| other != id) {
            Err((Column::Phone, FaultCode::OtherIdentity))
        } else {
            Ok((found.members.get(&id), Column::Code))
        };
    }
    if let Some(known) = phoned.and_then(|id| found.members.get(&id)) {
        let has_other_code = hashes.code.is_some() && known.hashes.code.is_some() && known.hashes.code != hashes.code;
        return if has_other_code {
            Err((Column::Code, FaultCode::OtherIdentity))
        } else {
            Ok((Some(known), Column::Phone))
        };
    }
    let namesakes = match unit {
        Some(unit) if row.may_be_told_by_name(earlier) => found.by_name.get(&(unit, name_key(&row.name))),
        _ => None,
    };
    let fitting: Vec<&KnownMember> = namesakes
        .into_iter()
        .flatten()
        .filter_map(|id| found.members.get(id))
        .filter(|known| !hashes.contradict(&known.hashes))
        .collect();
    match fitting.as_slice() {
        [] => Ok((None, Column::Name)),
        [one] => Ok((Some(one), Column::Name)),
        _ => Err((Column::Name, FaultCode::Ambiguous)),
    }
}

/// What is to become of their home. What is planned for later stays as it is: a row that says otherwise is refused.
fn home_work(
    row: &MemberRow,
    unit: Option<Uuid>,
    member: Option<&KnownMember>,
    today: NaiveDate,
) -> Result<Option<HomeWork>, (Column, FaultCode)> {
    let KnownHomes { present, earlier_end, later } = member.map(|member| member.homes).unwrap_or_default();
    let work = match (present, unit) {
        (None, None) => None,
        (None, Some(unit)) => match later {
            None => Some(HomeWork::Begin { unit, from: row.since.unwrap_or(today) }),
            Some(later) if later.unit_id == unit && row.since.is_none() => None,
            Some(_) => return Err((row.unit.column(), FaultCode::ChangePlanned)),
        },
        (Some(home), unit) if unit.is_none_or(|unit| unit == home.unit_id) => {
            let moved = row.since.filter(|since| *since != home.from);
            moved.map(|from| HomeWork::Since { home: home.id, from, first: from.min(home.from) })
        }
        (Some(_), Some(_)) if later.is_some() => return Err((row.unit.column(), FaultCode::ChangePlanned)),
        (Some(home), Some(unit)) if home.from >= today => {
            Some(HomeWork::Instead { home: home.id, unit, from: row.since.unwrap_or(home.from) })
        }
        (Some(home), Some(unit)) => {
            let from = row.since.unwrap_or(today);
            if from <= home.from {
                // The day of the unit that they leave, most likely: an export that only the unit was changed in has it.
                return Err((Column::Since, FaultCode::BeforePresentUnit));
            }
            return Ok(Some(HomeWork::Move { old: home.id, unit, from }));
        }
        (Some(_), None) => None,
    };
    let from = match work {
        Some(HomeWork::Begin { from, .. } | HomeWork::Since { from, .. } | HomeWork::Instead { from, .. }) => from,
        Some(HomeWork::Move { .. }) | None => return Ok(work),
    };
    if earlier_end.is_some_and(|end| from < end) || from >= NO_END {
        return Err((Column::Since, FaultCode::OverlapsEarlier));
    }
    Ok(work)
}
