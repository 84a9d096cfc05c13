//! Changes of memberships.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{Membership, NewMembership, store, wire::MembershipPatch};
use crate::{
    audit::{self, Subject},
    db::{Effect, Tx},
    kit::{
        http::{IfMatch, Person},
        problems::{Code, Fault, FaultCode, Faults, Problem},
        values::{MemberId, MembershipId, clock::NO_END},
    },
    organisation::{
        members::{self, MembershipKind},
        units,
    },
};

/// Puts somebody into a unit. A new home ends the old one on its first day. Takes whoever manages both units.
pub async fn create(tx: &Tx, caller: &Person, member: MemberId, new: NewMembership) -> Result<Membership, Problem> {
    if !store::is_visible(tx, caller, member, tx.today()).await? {
        return Err(Problem::not_found());
    }
    let wanted = Membership {
        id: new.id.unwrap_or_default(),
        member_id: member,
        unit_id: new.unit_id,
        kind: new.kind,
        valid_from: new.valid_from.unwrap_or_else(|| tx.today()),
        valid_to: new.valid_to.unwrap_or(NO_END),
    };
    let all = hold(tx, &wanted).await?;
    let obstacle = units::obstacle(tx, wanted.unit_id, wanted.valid_from, wanted.valid_to).await?;
    let is_there = obstacle != Some(FaultCode::NoSuchThing);
    let holds = |one: &&Membership| one.valid_from <= wanted.valid_from && wanted.valid_from < one.valid_to;
    let home = all.iter().filter(|one| one.kind == MembershipKind::Home).find(holds);
    let mut concerned = vec![Some(wanted.unit_id).filter(|_| is_there)];
    concerned.extend(home.map(|home| Some(home.unit_id)));
    let mut faults = Faults::new();
    // A unit that ends takes nobody in for longer: what is carried over or counted when it ends is known by then.
    obstacle.into_iter().for_each(|code| faults.add(Fault::at("/unit_id", code)));
    faults.add_unless_first_day(wanted.valid_from, "/valid_from");
    faults.add_if(wanted.valid_to <= wanted.valid_from, "/valid_to", FaultCode::EndsBeforeStart);
    faults.add_if(wanted.valid_from < tx.today() && !caller.is_admin(), "/valid_from", FaultCode::InPast);
    if is_there {
        units::require_manager_of(tx, caller, &concerned).await?;
    }
    faults.or(())?;
    if wanted.kind == MembershipKind::Home
        && let Some(home) = home
    {
        units::hold_counts(tx, &[home.unit_id, wanted.unit_id]).await?;
        end_home(tx, home, wanted.valid_from).await?;
    }
    let is_ended = |one: &Membership| wanted.kind == MembershipKind::Home && home.is_some_and(|home| home.id == one.id);
    if all.iter().filter(|one| !is_ended(one)).any(|one| one.conflicts_with(&wanted)) {
        return Err(Problem::new(Code::MembershipOverlap));
    }
    store::insert(tx, &wanted).await?;
    record(tx, "create_membership", &wanted, home.map(shown)).await?;
    Ok(wanted)
}

/// Holds the unit that somebody goes to and those they would leave, then themself, and gives where they belong: the units come
/// before the member, as in a merge. One that is under way is waited for, and where it has put them is held too.
async fn hold(tx: &Tx, wanted: &Membership) -> Result<Vec<Membership>, Problem> {
    let (mut held, mut next) = (Vec::new(), vec![wanted.unit_id]);
    while !next.is_empty() {
        units::lock_shared(tx, &next).await?;
        held.append(&mut next);
        let all = store::all_of(tx, wanted.member_id).await?;
        let lasting = all.iter().filter(|one| one.valid_to > wanted.valid_from);
        next.extend(lasting.map(|one| one.unit_id).filter(|unit| !held.contains(unit)));
    }
    members::hold_places_of(tx, &[wanted.member_id]).await?;
    Ok(store::all_of(tx, wanted.member_id).await?)
}

/// A home that began on the very day on which another one begins was a mistake: it has no day of its own.
async fn end_home(tx: &Tx, home: &Membership, on: NaiveDate) -> Result<(), Problem> {
    if home.valid_from == on {
        store::delete(tx, home.id).await?;
    } else {
        store::set_end(tx, home.id, on).await?;
    }
    Ok(())
}

/// Ends a membership on another day, or on none that is known.
pub async fn update(
    tx: &Tx,
    caller: &Person,
    id: MembershipId,
    seen: &IfMatch,
    patch: MembershipPatch,
) -> Result<Membership, Problem> {
    let found = store::find_visible(tx, caller, id, tx.today()).await?.ok_or_else(Problem::not_found)?;
    let to = patch.valid_to.map(|to| to.unwrap_or(NO_END));
    // Of what is added alone: whoever came from a spreadsheet may have been there before the unit was.
    let until = to.unwrap_or(found.valid_to);
    let obstacle = units::obstacle(tx, found.unit_id, found.valid_to.min(until), until).await?;
    members::hold_places_of(tx, &[found.member_id]).await?;
    // It may have changed while its member was held by another change.
    let before = store::find_visible(tx, caller, id, tx.today()).await?.ok_or_else(Problem::not_found)?;
    units::require_manager_of(tx, caller, &[Some(before.unit_id)]).await?;
    seen.check(before.version())?;
    let Some(to) = to else { return Ok(before) };
    let after = Membership { valid_to: to, ..before.clone() };
    let mut faults = Faults::new();
    faults.add_if(after.valid_to <= after.valid_from, "/valid_to", FaultCode::EndsBeforeStart);
    let first_changed = after.valid_to.min(before.valid_to);
    faults.add_if(first_changed < tx.today() && !caller.is_admin(), "/valid_to", FaultCode::InPast);
    // A unit that has ended, or is going to, keeps nobody longer than was planned.
    faults.add_if(after.valid_to > before.valid_to && obstacle.is_some(), "/valid_to", FaultCode::EndsTooSoon);
    faults.or(())?;
    if store::all_of(tx, after.member_id).await?.iter().any(|one| one.conflicts_with(&after)) {
        return Err(Problem::new(Code::MembershipOverlap));
    }
    store::set_end(tx, id, after.valid_to).await?;
    record(tx, "update_membership", &after, Some(shown(&before))).await?;
    Ok(after)
}

fn shown(membership: &Membership) -> Value {
    json!({"id": membership.id, "member_id": membership.member_id, "unit_id": membership.unit_id,
        "kind": membership.kind, "valid_from": membership.valid_from, "valid_to": membership.valid_to})
}

async fn record(tx: &Tx, action: &'static str, membership: &Membership, before: Option<Value>) -> Result<(), Problem> {
    // What a member may see follows from where they belong.
    tx.after_commit(Effect::ForgetCallers);
    let subject = Subject { kind: "membership", id: membership.id.0 };
    audit::record(tx, action, subject, before, Some(shown(membership))).await
}
