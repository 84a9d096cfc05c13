//! Giving roles and taking them back.

use serde_json::json;

use super::{
    RoleGrant, store,
    wire::{NewRoleGrant, RoleGrantView},
};
use crate::{
    audit::{self, Subject},
    db::{Effect, Tx},
    kit::{
        caller::{Person, Role},
        codes::{Code, FaultCode},
        etag::{IfMatch, tag_of},
        faults::{Fault, Faults},
        ids::RoleGrantId,
        problem::Problem,
    },
    organisation::{members, units},
    outbox::{self, Event},
};

/// Gives a role. An admin gives any; a manager gives `unit_manager` and `editor` for their own units. Nobody holds the same
/// one twice on any day: the member's row, which is held here, makes many at once come one after the other. An index could
/// not say so, for periods may follow one another.
pub async fn grant(tx: &Tx, caller: &Person, new: NewRoleGrant) -> Result<RoleGrant, Problem> {
    let mut faults = Faults::new();
    let grant = new.parse(caller.member_id, tx.today(), &mut faults);
    if let Err(refusal) = may_decide(tx, caller, &grant).await {
        faults.or(())?;
        return Err(refusal);
    }
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
    record(tx, "grant_role", &grant).await?;
    let event =
        Event::RoleGranted { member_id: grant.member_id, role: grant.role.name().to_owned(), unit_id: grant.unit_id };
    outbox::record(tx, event).await?;
    Ok(grant)
}

/// Takes a role back, from today on. One that has ended already is not there to be taken back; the last admin's stays.
pub async fn revoke(tx: &Tx, caller: &Person, id: RoleGrantId, seen: &IfMatch) -> Result<(), Problem> {
    let found = store::find_visible(tx, caller, id, tx.today()).await?.ok_or_else(Problem::not_found)?;
    may_decide(tx, caller, &found).await?;
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
    record(tx, "revoke_role", &grant).await
}

/// Refuses a change that takes these grants, or what their holders sign in with, when no other admin could sign in after it.
/// Before anything is held: changes that could do so come one after the other, so that of two at once one admin stays.
pub async fn keep_an_admin(tx: &Tx, is_lost: impl Fn(&RoleGrant) -> bool) -> Result<(), Problem> {
    if !store::grants_of_admins(tx, tx.today()).await?.iter().any(&is_lost) {
        return Ok(());
    }
    store::lock_admins(tx).await?;
    let grants = store::grants_of_admins(tx, tx.today()).await?;
    if !grants.is_empty() && grants.iter().all(is_lost) {
        return Err(Problem::new(Code::LastAdmin));
    }
    Ok(())
}

async fn may_decide(tx: &Tx, caller: &Person, grant: &RoleGrant) -> Result<(), Problem> {
    let is_permitted = match grant.unit_id {
        _ if caller.is_admin() => true,
        Some(unit) if grant.role < Role::Admin => {
            units::is_below_any(tx, unit, &caller.managed_units(), tx.today()).await?
        }
        _ => false,
    };
    if is_permitted { Ok(()) } else { Err(Problem::forbidden()) }
}

async fn record(tx: &Tx, action: &'static str, grant: &RoleGrant) -> Result<(), Problem> {
    let after = json!({"member_id": grant.member_id, "role": grant.role, "unit_id": grant.unit_id});
    audit::record(tx, action, Subject { kind: "role_grant", id: grant.id.0 }, None, Some(after)).await?;
    tx.after_commit(Effect::ForgetCallers);
    Ok(())
}
