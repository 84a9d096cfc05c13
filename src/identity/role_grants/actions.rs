//! Giving roles and taking them back.

use serde_json::json;

use super::{
    RoleGrant,
    role_grant::held_until,
    store,
    wire::{NewRoleGrant, RoleGrantView},
};
use crate::{
    audit::{self, Subject},
    db::{Effect, Tx},
    kit::{
        http::{IfMatch, Person, Role, etag::tag_of},
        problems::{Code, Fault, FaultCode, Faults, Problem},
        values::{RoleGrantId, clock::NO_END},
    },
    organisation::{members, units},
    outbox::{self, Event},
};

/// Gives a role. An admin gives any; a manager gives `unit_manager` and `editor` for their own units, to others, and for no
/// longer than they manage the unit themselves. Nobody holds the same one twice on any day: the member's row, which is held
/// here, makes many at once come one after the other. An index could not say so, for periods may follow one another.
pub async fn grant(tx: &Tx, caller: &Person, new: NewRoleGrant) -> Result<RoleGrant, Problem> {
    let mut faults = Faults::new();
    let grant = new.parse(caller.member_id, tx.today(), &mut faults);
    if let Err(refusal) = require_manager(tx, caller, &grant).await {
        faults.or(())?;
        return Err(refusal);
    }
    require_no_more_than_held(tx, caller, &grant, &mut faults).await?;
    // The unit before the member, as in a merge: one that is under way is waited for. A unit that is to end gives no role
    // beyond its end: what goes over to another was decided when the end was planned.
    let obstacle = match grant.unit_id {
        Some(unit) => units::obstacle(tx, unit, grant.valid_from, grant.valid_to).await?,
        None => None,
    };
    // Somebody who is erased, and to a manager somebody hidden, is nobody; an erasure that goes on is waited for.
    if members::find_visible_for_change(tx, caller, grant.member_id).await?.is_none() {
        faults.add(Fault::at("/member_id", FaultCode::NoSuchThing));
    }
    if let Some(code) = obstacle {
        faults.add(Fault::at("/unit_id", code));
    }
    faults.or(())?;
    if let Some(held) = store::overlapping(tx, &grant).await? {
        return Err(Problem::new(Code::RoleAlreadyGranted).with("grant", held));
    }
    store::insert(tx, &grant).await?;
    record(tx, "grant_role", None, &grant).await?;
    let event =
        Event::RoleGranted { member_id: grant.member_id, role: grant.role.name().to_owned(), unit_id: grant.unit_id };
    outbox::record(tx, event).await?;
    Ok(grant)
}

/// Takes a role back, from today on. A manager takes back what is held below their unit; over the unit itself what they gave,
/// for those who hold as much as they do are not theirs to dismiss. One that has ended already is not there to be taken
/// back; the last admin's stays.
pub async fn revoke(tx: &Tx, caller: &Person, id: RoleGrantId, seen: &IfMatch) -> Result<(), Problem> {
    let found = store::find_visible(tx, caller, id, tx.today()).await?.ok_or_else(Problem::not_found)?;
    require_manager(tx, caller, &found).await?;
    if found.granted_by != Some(caller.member_id) {
        require_manager_above(tx, caller, &found).await?;
    }
    if let Some(unit) = found.unit_id {
        // A merge that is under way is waited for: what it has carried over to another unit is another grant.
        units::lock_shared(tx, &[unit]).await?;
    }
    keep_an_admin(tx, |grant| grant.id == id).await?;
    let grant = store::find_visible(tx, caller, id, tx.today()).await?.filter(|grant| *grant == found);
    let grant = grant.ok_or_else(Problem::not_found)?;
    let day = grant.end_by(tx.today()).ok_or_else(Problem::not_found)?;
    let shown = serde_json::to_vec(&RoleGrantView::from(grant.clone())).map_err(Problem::internal)?;
    seen.check_tag(&tag_of(None, &shown))?;
    if !store::end(tx, &grant, day).await? {
        return Err(Problem::not_found());
    }
    let ended = RoleGrant { valid_to: day, ..grant.clone() };
    record(tx, "revoke_role", Some(&grant), &ended).await
}

/// Refuses a change that takes these grants, or what their holders sign in with, when no other admin could sign in after it,
/// or none from some day on although there would have been one for good. Before anything is held: changes that could do so
/// come one after the other, so that of two at once one admin stays.
pub async fn keep_an_admin(tx: &Tx, is_lost: impl Fn(&RoleGrant) -> bool) -> Result<(), Problem> {
    let today = tx.today();
    if !store::grants_of_admins(tx, today).await?.iter().any(&is_lost) {
        return Ok(());
    }
    store::lock_admins(tx).await?;
    let grants = store::grants_of_admins(tx, today).await?;
    let before = held_until(grants.iter().map(RoleGrant::period), today);
    let after = held_until(grants.iter().filter(|grant| !is_lost(grant)).map(RoleGrant::period), today);
    let is_kept = before.is_none() || after.is_some() && (before != Some(NO_END) || after == before);
    if is_kept { Ok(()) } else { Err(Problem::new(Code::LastAdmin)) }
}

/// Only an admin, or for a unit's roles whoever manages it today, has a say.
async fn require_manager(tx: &Tx, caller: &Person, grant: &RoleGrant) -> Result<(), Problem> {
    let is_permitted = match grant.unit_id {
        _ if caller.is_admin() => true,
        Some(unit) if grant.role < Role::Admin => {
            units::is_below_any(tx, unit, &caller.managed_units(), tx.today()).await?
        }
        _ => false,
    };
    if is_permitted { Ok(()) } else { Err(Problem::forbidden()) }
}

/// Nobody gives more than they hold, in time as in place, nor anything to themselves.
async fn require_no_more_than_held(
    tx: &Tx,
    caller: &Person,
    grant: &RoleGrant,
    faults: &mut Faults,
) -> Result<(), Problem> {
    let (false, Some(unit)) = (caller.is_admin(), grant.unit_id) else { return Ok(()) };
    let own = store::periods_of_manager(tx, caller.member_id, unit, tx.today()).await?;
    let until = held_until(own.into_iter(), grant.valid_from);
    faults.add_if(grant.member_id == caller.member_id, "/member_id", FaultCode::NotAllowed);
    faults.add_if(until.is_none(), "/valid_from", FaultCode::BeyondOwnRole);
    faults.add_if(until.is_some_and(|until| until < grant.valid_to), "/valid_to", FaultCode::BeyondOwnRole);
    Ok(())
}

/// Only an admin or a manager of a unit above the grant's.
async fn require_manager_above(tx: &Tx, caller: &Person, grant: &RoleGrant) -> Result<(), Problem> {
    let mut above = caller.managed_units();
    above.retain(|unit| Some(*unit) != grant.unit_id);
    let is_permitted = match grant.unit_id {
        _ if caller.is_admin() => true,
        Some(unit) => units::is_below_any(tx, unit, &above, tx.today()).await?,
        None => false,
    };
    if is_permitted { Ok(()) } else { Err(Problem::forbidden()) }
}

async fn record(tx: &Tx, action: &'static str, before: Option<&RoleGrant>, after: &RoleGrant) -> Result<(), Problem> {
    let shown = |grant: &RoleGrant| {
        json!({"member_id": grant.member_id, "role": grant.role, "unit_id": grant.unit_id,
            "valid_from": grant.valid_from, "valid_to": (grant.valid_to != NO_END).then_some(grant.valid_to)})
    };
    let subject = Subject { kind: "role_grant", id: after.id.0 };
    audit::record(tx, action, subject, before.map(shown), Some(shown(after))).await?;
    tx.after_commit(Effect::ForgetCallers);
    Ok(())
}
