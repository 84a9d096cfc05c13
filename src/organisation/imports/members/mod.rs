//! Rows of members: read, compared with what is there, written.

mod plan;
mod row;
mod store;

use std::collections::{BTreeSet, HashMap, HashSet};

use uuid::Uuid;

pub use plan::MemberDecision;
use plan::{Found, Hashes, decide};
pub use row::MemberRow;

use super::{
    file::{Headers, name_key},
    import::Earlier,
    reference::UnitReference,
    units::{self, KnownUnits, Reach},
};
use crate::{
    app::App,
    db::Tx,
    kit::{
        problems::Problem,
        secrets::Vault,
        values::{MemberId, UnitId},
    },
    organisation::units::{hold_counts, lock_shared, spans},
};

/// A row, with whom an earlier decision found it to be about: none while there is no plan.
pub type Meant<'r> = (&'r MemberRow, Option<Earlier>);

/// Decides about each of these rows.
pub async fn decide_all(
    app: &App,
    tx: &Tx,
    reach: &Reach,
    headers: &Headers,
    rows: &[Meant<'_>],
) -> Result<Vec<MemberDecision>, Problem> {
    let hashes: Vec<Hashes> = rows.iter().map(|(row, _)| hashes_of(&app.vault, row)).collect();
    let found = find(app, tx, reach, rows, &hashes).await?;
    let decided = rows
        .iter()
        .zip(&hashes)
        .map(|((row, earlier), hashes)| decide(row, hashes, *earlier, headers, &found, tx.today()));
    Ok(decided.collect())
}

/// Writes what was decided.
pub async fn write(tx: &Tx, vault: &Vault, decided: &[MemberDecision]) -> Result<(), Problem> {
    let unnamed: Vec<Uuid> = decided
        .iter()
        .filter(|one| one.outcome.is_work() && one.work.name.is_none())
        .filter_map(|one| one.subject)
        .collect();
    let names: HashMap<Uuid, String> = store::names(tx, &unnamed).await?.into_iter().collect();
    Ok(store::write(tx, vault, decided, &names).await?)
}

fn hashes_of(vault: &Vault, row: &MemberRow) -> Hashes {
    let hash = |purpose: &str, plain: &Option<String>| plain.as_ref().map(|plain| vault.look_up(purpose, plain));
    Hashes {
        phone: hash(store::PHONE, &row.phone),
        code: hash(store::CODE, &row.code),
        email: hash(store::EMAIL, &row.email),
    }
}

async fn find(app: &App, tx: &Tx, reach: &Reach, rows: &[Meant<'_>], hashes: &[Hashes]) -> Result<Found, Problem> {
    let day = tx.today();
    let references: HashSet<&UnitReference> = rows.iter().map(|(row, _)| &row.unit).collect();
    let mut units = units::find_referenced(tx, &references, day).await?;
    if rows.iter().any(|(_, earlier)| earlier.is_some()) {
        // About to be written: a merge or an end of one of them is waited for, and what came of it is seen. So is one of a
        // unit that somebody leaves: it takes memberships before their members.
        let known: BTreeSet<Uuid> = rows.iter().filter_map(|(_, earlier)| earlier.and_then(Earlier::known)).collect();
        let ids: Vec<Uuid> = known.iter().copied().collect();
        let left = store::homes(tx, &ids, day).await?.into_values().filter_map(|homes| homes.present);
        let locked: BTreeSet<UnitId> =
            units.iter().map(|unit| unit.id).chain(left.map(|home| UnitId(home.unit_id))).collect();
        let locked: Vec<UnitId> = locked.into_iter().collect();
        lock_shared(tx, &locked).await?;
        units = units::find_referenced(tx, &references, day).await?;
        // The same for whoever is to be changed: an erasure or a change of them comes before all of this, or after it.
        store::hold(tx, known).await?;
        // And for what counts who comes and goes.
        if !locked.is_empty() {
            hold_counts(tx, &locked).await?;
        }
    }
    let wanted: HashSet<Uuid> =
        rows.iter().filter_map(|(row, earlier)| earlier.and_then(Earlier::known).or(row.id)).collect();
    let mut wanted: Vec<Uuid> = wanted.into_iter().collect();
    let mut private = store::private_rows(tx, hashes, &wanted).await?;
    wanted.extend(private.iter().map(|(id, _)| *id));

    // Names are looked for in the units of the rows that nothing better finds anybody for.
    let everywhere = KnownUnits::new(units.clone(), None);
    let found_by: HashSet<&String> =
        private.iter().flat_map(|(_, hashes)| hashes.code.iter().chain(&hashes.phone)).collect();
    let told_by_name: Vec<&MemberRow> = rows
        .iter()
        .zip(hashes)
        .filter(|((row, earlier), _)| row.may_be_told_by_name(*earlier))
        .filter(|(_, hashes)| !hashes.code.iter().chain(&hashes.phone).any(|hash| found_by.contains(hash)))
        .map(|((row, _), _)| *row)
        .collect();
    let homes: HashSet<Uuid> = told_by_name
        .iter()
        .flat_map(|row| match everywhere.resolve(&row.unit) {
            Ok(unit) => vec![unit],
            Err(_) => row.unit.name.as_deref().map(|name| everywhere.named(name)).unwrap_or_default(),
        })
        .collect();
    let homes: Vec<Uuid> = homes.into_iter().collect();
    let names: Vec<String> = told_by_name.iter().map(|row| row.name.clone()).collect();
    let namesakes = if names.is_empty() { Vec::new() } else { store::namesakes(tx, &homes, &names, day).await? };
    wanted.extend(namesakes.iter().map(|(.., id)| *id));
    wanted.sort_unstable();
    wanted.dedup();
    let nameless: Vec<Uuid> = namesakes.iter().map(|(.., id)| *id).collect();
    private.extend(store::private_rows(tx, &[], &nameless).await?);

    let members = store::known(tx, &wanted, &private, day).await?;
    let mut found = Found::default();
    for (id, hashes) in private.into_iter().filter(|(id, _)| members.contains_key(id)) {
        found.by_phone.extend(hashes.phone.map(|hash| (hash, id)));
        found.by_code.extend(hashes.code.map(|hash| (hash, id)));
    }
    for (unit, name, id) in namesakes {
        found.by_name.entry((unit, name_key(&name))).or_default().push(id);
    }
    let homes = members.values().filter_map(|member| member.homes.present).map(|home| home.unit_id);
    let judged: HashSet<Uuid> = units.iter().map(|unit| unit.id.0).chain(homes).collect();
    let permitted = units::permitted(tx, reach, judged, day).await?;
    if let Reach::Below(roots) = reach {
        let ids: Vec<MemberId> = members.keys().copied().map(MemberId).collect();
        let beyond = app.belongings.beyond(tx, &ids, roots, day).await?;
        found.beyond = beyond.into_iter().map(|member| member.0).collect();
    }
    let lives = spans(tx, units.iter().map(|unit| unit.id)).await?;
    found.units = KnownUnits::new(units, permitted).with_lives(lives);
    found.members = members;
    Ok(found)
}
