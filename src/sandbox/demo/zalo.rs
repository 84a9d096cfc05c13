//! Who is on Zalo: strangers, somebody whose phone number was imported, and members who are linked already.

use super::{
    COLLEAGUE, IMPORTED, MEMBER, OTHER_COLLEAGUE, OTHER_MEMBER, Place,
    draw::code_of,
    people::{Resident, phone},
};
use crate::{
    organisation::members::ZaloLink,
    sandbox::zalo::{Now, Person, Stage},
};

/// The demo's Zalo app.
pub const APP_ID: &str = "1000000000000000001";
/// Its secret, which opens nothing but the stand-in.
pub const APP_SECRET: &str = "demo-zalo-app-secret";
/// The key with which the stand-in signs what it tells of the Mini App.
pub const MINI_APP_API_KEY: &str = "demo-mini-app-api-key";
/// Phone numbers of people who are on Zalo and nowhere else begin after this one.
const STRANGERS_PHONES: u64 = 900;

/// Somebody on Zalo, and the place of the member they are linked to from the start.
struct Role {
    name: &'static str,
    member: Option<Place>,
    is_linked: bool,
    follows_oa: bool,
}

const fn stranger(name: &'static str, follows_oa: bool) -> Role {
    Role { name, member: None, is_linked: false, follows_oa }
}

const fn linked(member: Place) -> Role {
    Role { name: "", member: Some(member), is_linked: true, follows_oa: true }
}

/// In the order of `zalo_access_tokens`.
const ROLES: [Role; 8] = [
    stranger("Lý Thanh Thảo", false),
    Role { name: "", member: Some(IMPORTED), is_linked: false, follows_oa: true },
    linked(MEMBER),
    linked(OTHER_MEMBER),
    linked(COLLEAGUE),
    linked(OTHER_COLLEAGUE),
    stranger("Đinh Ngọc Uyên", true),
    stranger("Châu Hữu Phát", false),
];

/// Everybody on Zalo, in the order of the credentials.
pub fn people(roster: &[Resident]) -> Vec<Person> {
    ROLES.iter().zip(1_u64..).map(|(role, serial)| person(role, serial, roster)).collect()
}

/// Who is linked from the start: the place of the member, and what Zalo says of them.
pub fn links(roster: &[Resident]) -> Vec<(Place, ZaloLink)> {
    let links = ROLES.iter().zip(people(roster)).filter(|(role, _)| role.is_linked).filter_map(|(role, person)| {
        let link = ZaloLink {
            app_user_id: person.zalo_id,
            oa_user_id: Some(person.oa_user_id),
            follows_oa: Some(person.follows_oa),
        };
        Some((role.member?, link))
    });
    links.collect()
}

/// The stand-in with everybody on it.
pub fn stage(roster: &[Resident], now: Now) -> Stage {
    Stage::new(APP_ID, APP_SECRET, people(roster), now)
}

fn person(role: &Role, serial: u64, roster: &[Resident]) -> Person {
    let is_member = |resident: &&Resident| role.member.is_some_and(|place| place.is_of(resident));
    let member = roster.iter().find(is_member);
    Person {
        // Larger than 2^53, as Zalo's own are.
        zalo_id: format!("7100000000000000{serial:03}"),
        oa_user_id: format!("8200000000000000{serial:03}"),
        name: member.map_or_else(|| role.name.to_owned(), |member| member.name.clone()),
        phone: member.map_or_else(|| phone(STRANGERS_PHONES.saturating_add(serial)), |member| member.phone.clone()),
        access_token: code_of(&format!("zalo access token {serial}"), 48),
        follows_oa: role.follows_oa,
        inside_window: role.follows_oa,
    }
}
