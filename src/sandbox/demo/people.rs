//! The members: made up, name by name. Whoever is called like one of them is so by chance.

use std::collections::HashSet;

use chrono::NaiveDate;
use uuid::Uuid;

use super::{
    draw::Draw,
    ids::{self, FOUNDED, moment},
    material::{Material, Names},
    rows::Rows,
};
use crate::{
    entity::{
        member,
        membership::{self, MembershipKind},
        role_grant,
    },
    kit::{
        http::Role,
        values::{
            MemberId, MembershipId, RoleGrantId, UnitId,
            clock::NO_END,
            text::{fold, name_sort_key},
        },
    },
};

/// How many belong to each unit.
const IN_EACH_UNIT: usize = 11;
/// The first phone number, in a range that no operator has given out.
const FIRST_PHONE: u64 = 84_900_000_000;
/// What the guest is called, who is in no unit.
pub const GUEST: &str = "Khách Tham Quan";

/// Middle names that go with a man's given name alone, and with a woman's.
const MENS: [&str; 10] = ["Văn", "Công", "Hữu", "Tấn", "Thành", "Duy", "Đăng", "Hoàng", "Gia", "Nhật"];
const WOMENS: [&str; 13] =
    ["Thị", "Thu", "Hồng", "Phương", "Mai", "Như", "Mỹ", "Diệu", "Quỳnh", "Tường", "Thùy", "Ánh", "Kim"];
/// Names that belong to people in public life.
const TAKEN: [&str; 9] = [
    "Trần Hồng Hà",
    "Phạm Gia Khiêm",
    "Nguyễn Minh Vũ",
    "Hoàng Thanh Tùng",
    "Nguyễn Thanh Tùng",
    "Lê Thị Thủy",
    "Trần Văn Tùng",
    "Nguyễn Văn Toàn",
    "Nguyễn Thị Hà",
];

/// Somebody in a unit.
#[derive(Clone, Debug)]
pub struct Resident {
    /// The unit's key.
    pub unit: String,
    /// Index within the unit; the member with index 0 manages it.
    pub number: usize,
    /// What they are called.
    pub name: String,
    /// `84…`
    pub phone: String,
}

impl Resident {
    /// Their id as a member.
    pub fn id(&self) -> Uuid {
        ids::member(&self.unit, self.number)
    }
}

/// Everybody who is in a unit.
pub fn roster(material: &Material) -> Vec<Resident> {
    let mut draw = Draw::of("names");
    let mut used: HashSet<String> = TAKEN.iter().map(|name| (*name).to_owned()).collect();
    let units = material.facts.units.iter();
    let places = units.flat_map(|unit| (0..IN_EACH_UNIT).map(|number| (unit.key.clone(), number)));
    let residents = places.zip(1..).map(|((unit, number), serial)| Resident {
        unit,
        number,
        name: new_name(&mut draw, &material.names, &mut used),
        phone: phone(serial),
    });
    residents.collect()
}

/// The phone number with this index.
pub fn phone(serial: u64) -> String {
    FIRST_PHONE.saturating_add(serial).to_string()
}

fn new_name(draw: &mut Draw, names: &Names, used: &mut HashSet<String>) -> String {
    loop {
        if let Some(name) = some_name(draw, names)
            && used.insert(name.clone())
        {
            return name;
        }
    }
}

/// A name without the same syllable twice; none when the dice fell badly.
fn some_name(draw: &mut Draw, names: &Names) -> Option<String> {
    let (womens, mens) = names.given.split_at_checked(names.given.len() / 2)?;
    let is_woman = draw.is_lucky(50);
    let family = draw.pick(&names.family)?;
    let middle = draw.pick(&names.middle)?;
    let given = draw.pick(if is_woman { womens } else { mens })?;
    let of_the_others = if is_woman { MENS.as_slice() } else { WOMENS.as_slice() };
    let is_good = family != middle && middle != given && given != family && !of_the_others.contains(&middle.as_str());
    is_good.then(|| format!("{family} {middle} {given}"))
}

/// Adds the members, where they belong and what they may do.
pub fn add(rows: &mut Rows, roster: &[Resident]) {
    for resident in roster {
        let joined = FOUNDED + chrono::TimeDelta::days(Draw::of(&resident.phone).between(0, 300));
        rows.members.push(new_member(resident.id(), &resident.name, joined));
        rows.memberships.push(membership::Model {
            id: MembershipId(ids::part(&format!("membership/{}/{}", resident.unit, resident.number))),
            member_id: MemberId(resident.id()),
            unit_id: UnitId(ids::unit(&resident.unit)),
            kind: MembershipKind::Home,
            valid_from: joined,
            valid_to: NO_END,
        });
        if resident.number == 0 {
            rows.role_grants.push(new_grant(resident.id(), Role::UnitManager, Some(&resident.unit)));
        }
    }
    rows.members.push(new_member(ids::guest(), GUEST, FOUNDED));
    rows.role_grants.push(new_grant(super::ADMIN.id(), Role::Admin, None));
    rows.role_grants.push(new_grant(super::EDITOR.id(), Role::Editor, Some(super::EDITOR.unit)));
}

fn new_member(id: Uuid, name: &str, joined: NaiveDate) -> member::Model {
    member::Model {
        id,
        display_name: name.to_owned(),
        sort_key: name_sort_key(name),
        folded_name: fold(name),
        avatar_url: None,
        created_at: moment(joined, 8, 0),
        version: 1,
        erased_at: None,
    }
}

fn new_grant(member_id: Uuid, role: Role, unit: Option<&str>) -> role_grant::Model {
    role_grant::Model {
        id: RoleGrantId(ids::part(&format!("role_grant/{member_id}/{}", role.name()))),
        member_id: MemberId(member_id),
        role: role.name().to_owned(),
        unit_id: unit.map(ids::unit).map(UnitId),
        valid_from: FOUNDED,
        valid_to: NO_END,
        granted_by: None,
        created_at: moment(FOUNDED, 8, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_a_name_and_a_phone_number_of_their_own() {
        let roster = roster(&Material::read().unwrap());
        let names: HashSet<_> = roster.iter().map(|resident| &resident.name).collect();
        let phones: HashSet<_> = roster.iter().map(|resident| &resident.phone).collect();

        assert_eq!((names.len(), phones.len()), (roster.len(), roster.len()));
        assert!(roster.len() >= 190);
        assert!(!names.iter().any(|name| TAKEN.contains(&name.as_str())));
        assert!(phones.iter().all(|phone| phone.len() == 11 && phone.starts_with("8490000")));
    }
}
