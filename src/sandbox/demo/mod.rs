//! The demo: Lam Dong's organisation, campaigns, pledges, check-ins and articles, the same each time for the same day. It is
//! filled in once, in one transaction; who is who in it is below.

mod activities;
mod campaigns;
mod checkins;
mod draw;
mod ids;
mod ledger;
mod material;
mod news;
mod people;
mod plans;
mod pledges;
mod rows;
mod store;
mod units;
mod zalo;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    db::{Actor, Db, Effect, Tx},
    identity::{
        apps::{self, ClientApp},
        consents::{self, Decision},
        staff::{self, StaffAccount},
    },
    kit::{
        secrets::Vault,
        values::{ClientAppId, Clock, MemberId},
        work::ConcurrencyLimit,
    },
    organisation::members,
    sandbox::zalo::{Now, Stage},
};

use material::Material;
use people::Resident;
use rows::Rows;
pub use store::{Content, content};
pub use zalo::{APP_ID, APP_SECRET, MINI_APP_API_KEY};

/// The unit that the credentials name.
pub const UNIT: &str = "bvdk";
/// Another one beside it.
pub const OTHER_UNIT: &str = "cdc";

/// The password of all staff of the demo. It is known to everybody, so the demo belongs on a loopback address.
pub const PASSWORD: &str = "thi-dua-demo-2026";
/// What the demo's third party signs in as.
pub const CLIENT_ID: &str = "demo-portal";
/// With this secret, known to everybody likewise.
pub const CLIENT_SECRET: &str = "demo-portal-secret-2026";
const SCOPES: [&str; 3] = ["activities:read", "campaigns:read", "progress:read"];

/// The client by which members use the app.
const MINI_APP: &str = "mini-app";

/// A member by unit and number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The unit's key.
    pub unit: &'static str,
    /// The members of a unit by their index; the first one manages it.
    pub number: usize,
}

/// Everything, everywhere; signs in as `admin`.
pub const ADMIN: Place = Place { unit: "ubnd", number: 1 };
/// Publishes for the province's committee and all below it; signs in as `editor`.
pub const EDITOR: Place = Place { unit: "ubnd", number: 2 };
/// Manages `UNIT`; signs in as `manager`.
pub const MANAGER: Place = Place { unit: UNIT, number: 0 };
/// A member of `UNIT`, with pledges and check-ins.
pub const MEMBER: Place = Place { unit: UNIT, number: 1 };
/// A member of `UNIT` who is imported and has not signed in yet.
pub const IMPORTED: Place = Place { unit: UNIT, number: 5 };
/// Another member of `UNIT`, who is on Zalo: staff are not, for they sign in with their password.
pub const COLLEAGUE: Place = Place { unit: UNIT, number: 2 };
/// Another member of `OTHER_UNIT`, who is on Zalo.
pub const OTHER_COLLEAGUE: Place = Place { unit: OTHER_UNIT, number: 2 };
/// A member of `OTHER_UNIT`.
pub const OTHER_MEMBER: Place = Place { unit: OTHER_UNIT, number: 1 };

impl Place {
    /// The member's id.
    pub fn id(self) -> Uuid {
        ids::member(self.unit, self.number)
    }

    fn is_of(self, resident: &Resident) -> bool {
        resident.unit == self.unit && resident.number == self.number
    }
}

/// Somebody in no unit.
pub fn guest_id() -> Uuid {
    ids::guest()
}

/// The things that the credentials name.
#[derive(Clone, Debug)]
pub struct Landmarks {
    /// `UNIT`
    pub unit: Uuid,
    /// `OTHER_UNIT`
    pub other_unit: Uuid,
    /// A campaign that is running and open to both.
    pub campaign: Uuid,
    /// A target of it that adds up.
    pub target: Uuid,
    /// An article about it.
    pub activity: Uuid,
}

/// The cast and the stage, read once.
pub struct Demo {
    material: Material,
    roster: Vec<Resident>,
}

impl Demo {
    /// Reads what the demo is made of.
    pub fn read() -> anyhow::Result<Self> {
        let material = Material::read()?;
        let roster = people::roster(&material);
        Ok(Self { material, roster })
    }

    /// The things that the credentials name.
    pub fn landmarks(&self) -> Landmarks {
        let articles = &self.material.activities;
        let article = articles.iter().find(|article| article.campaign.as_deref() == Some(campaigns::SHOWN));
        Landmarks {
            unit: ids::unit(UNIT),
            other_unit: ids::unit(OTHER_UNIT),
            campaign: ids::campaign(campaigns::SHOWN).0,
            target: ids::target(campaigns::SHOWN, campaigns::SHOWN_TARGET).0,
            activity: article.map(|article| ids::activity(&article.key, article.published_at).0).unwrap_or_default(),
        }
    }

    /// The Mini App tokens that the stand-in accepts, each of another person.
    pub fn zalo_access_tokens(&self) -> Vec<String> {
        zalo::people(&self.roster).into_iter().map(|person| person.access_token).collect()
    }

    /// The stand-in for Zalo, with everybody on it.
    pub fn stage(&self, now: Now) -> Stage {
        zalo::stage(&self.roster, now)
    }

    /// Fills an empty, migrated database.
    pub async fn fill(&self, db: &Db, clock: &Clock, vault: &Vault) -> anyhow::Result<()> {
        let password_hash = staff::hash(&ConcurrencyLimit::new(1), PASSWORD.to_owned()).await?;
        let tx = db.begin(clock.now(), Actor::system()).await?;
        store::insert(&tx, self.rows(clock.now())?).await?;
        self.add_private(&tx, vault, password_hash).await?;
        tx.after_commit(Effect::WakeRelay);
        tx.commit().await?;
        Ok(())
    }

    fn rows(&self, now: DateTime<Utc>) -> anyhow::Result<Rows> {
        let mut rows = Rows::default();
        units::add(&mut rows, &self.material);
        people::add(&mut rows, &self.roster);
        campaigns::add(&mut rows, &self.material, now);
        pledges::add(&mut rows, &self.material, now);
        ledger::add_totals(&mut rows);
        ledger::add_standings(&mut rows);
        activities::add(&mut rows, &self.material, now);
        news::add(&mut rows, now)?;
        Ok(rows)
    }

    /// Whatever is encrypted or hashed, and so differs each time.
    async fn add_private(&self, tx: &Tx, vault: &Vault, password_hash: String) -> anyhow::Result<()> {
        for resident in &self.roster {
            members::insert_private(tx, vault, MemberId(resident.id()), Some(&resident.phone)).await?;
            agree_to_everything(tx, MemberId(resident.id())).await?;
        }
        members::insert_private(tx, vault, MemberId(guest_id()), None).await?;
        let residents = self.roster.iter().map(|resident| (MemberId(resident.id()), resident.name.as_str()));
        let names: Vec<_> = residents.chain([(MemberId(guest_id()), people::GUEST)]).collect();
        members::index_names(tx, &names).await?;
        for (place, link) in zalo::links(&self.roster) {
            members::link_zalo(tx, vault, MemberId(place.id()), &link).await?;
        }
        for (username, place) in [("admin", ADMIN), ("editor", EDITOR), ("manager", MANAGER)] {
            let account = StaffAccount::new(MemberId(place.id()), username, password_hash.clone(), tx.now());
            staff::insert(tx, account).await?;
        }
        let app = ClientApp::new(CLIENT_ID, "Cổng thông tin", CLIENT_SECRET, &SCOPES);
        apps::insert(tx, &ClientApp { id: ClientAppId(ids::part("client_app")), ..app }).await?;
        Ok(())
    }
}

/// The cast has agreed to all that members are asked for, so that the story can be told: whoever signs in for the first time
/// during the demo is asked.
async fn agree_to_everything(tx: &Tx, member: MemberId) -> anyhow::Result<()> {
    for text in consents::CURRENT {
        let decision = Decision {
            kind: text.kind,
            version: text.version,
            is_agreed: true,
            decided_at: ids::moment(ids::FOUNDED, 8, 0),
        };
        consents::insert(tx, member, &decision, MINI_APP).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;
    use crate::{
        entity::{checkin::CheckinStatus, ledger_entry::Figure},
        kit::values::CheckinId,
    };

    fn rows_on(day: &str) -> Rows {
        Demo::read().unwrap().rows(format!("{day}T03:00:00Z").parse().unwrap()).unwrap()
    }

    #[test]
    fn the_same_day_gives_the_same_rows() {
        assert_eq!(format!("{:?}", rows_on("2026-11-23")), format!("{:?}", rows_on("2026-11-23")));
    }

    #[test]
    fn the_ledger_of_each_checkin_says_what_its_state_says() {
        let rows = rows_on("2026-11-23");
        let mut sums: HashMap<CheckinId, (i64, i64)> = HashMap::new();
        for entry in &rows.ledger_entries {
            let sum = sums.entry(entry.checkin_id).or_default();
            if entry.figure == Figure::Reported { sum.0 += entry.delta } else { sum.1 += entry.delta }
        }

        for checkin in &rows.checkins {
            let q = checkin.quantity;
            let expected = match checkin.status {
                CheckinStatus::Verified => (q, q),
                CheckinStatus::Submitted => (q, 0),
                _ => (0, 0),
            };
            assert_eq!(sums.get(&checkin.id).copied().unwrap_or_default(), expected, "{checkin:?}");
        }
    }

    #[test]
    fn there_is_something_of_everything() {
        let rows = rows_on("2026-11-23");
        let statuses: HashSet<_> = rows.checkins.iter().map(|checkin| checkin.status.to_string()).collect();

        assert_eq!(
            statuses,
            HashSet::from(["verified", "submitted", "held", "returned", "withdrawn"].map(String::from))
        );
        assert!((3_000..8_000).contains(&rows.checkins.len()), "{}", rows.checkins.len());
        assert!(rows.checkins.iter().any(|checkin| checkin.member_id.0 == MEMBER.id()));
        assert_eq!(rows.activities.len(), 60);
        assert!(rows.outbox_events.len() > 20);
    }

    #[test]
    fn every_id_is_there_once() {
        let rows = rows_on("2026-11-23");
        let ids: Vec<Uuid> =
            rows.checkins.iter().map(|row| row.id.0).chain(rows.pledges.iter().map(|row| row.id.0)).collect();

        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
    }

    #[test]
    fn nothing_is_from_the_future() {
        let now: DateTime<Utc> = "2025-08-01T03:00:00Z".parse().unwrap();
        let rows = Demo::read().unwrap().rows(now).unwrap();

        assert!(rows.activities.iter().all(|row| row.published_at.is_some_and(|moment| moment < now)));
        assert!(
            rows.checkins.iter().all(|row| row.received_at <= now && row.decided_at.is_none_or(|moment| moment <= now))
        );
    }
}
