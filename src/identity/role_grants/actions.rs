//! Giving roles and taking them back.

use serde_json::json;

use super::{RoleGrant, store};
use crate::{
    audit::{self, Subject},
    db::{Effect, Tx},
    kit::{
        caller::{Person, Role},
        codes::FaultCode,
        ids::RoleGrantId,
        problem::{Problem, bad_field},
    },
    organisation::{members, units},
    outbox::{self, Event},
};

/// Gives a role. An admin gives any; a manager gives `unit_manager` and `editor` for their own units.
pub async fn grant(tx: &Tx, caller: &Person, grant: RoleGrant) -> Result<RoleGrant, Problem> {
    may_decide(tx, caller, &grant).await?;
    // The unit before the member, as in a merge: one that is under way is waited for. A unit that is to end gives no role
    // beyond its end: what goes over to another was decided when the end was planned.
    let obstacle = match grant.unit_id {
        Some(unit) => units::obstacle(tx, unit, grant.valid_from, grant.valid_to).await?,
        None => None,
    };
    // Somebody who is erased, and to a manager somebody hidden, is nobody; an erasure that goes on is waited for.
    if members::find_visible_for_change(tx, caller, grant.member_id).await?.is_none() {
        return Err(bad_field("/member_id", FaultCode::NoSuchThing));
    }
    if let Some(code) = obstacle {
        return Err(bad_field("/unit_id", code));
    }
    store::insert(tx, &grant).await?;
    record(tx, "grant_role", &grant).await?;
    let event =
        Event::RoleGranted { member_id: grant.member_id, role: grant.role.name().to_owned(), unit_id: grant.unit_id };
    outbox::record(tx, event).await?;
    Ok(grant)
}

/// Takes a role back, from today on; one that has ended already stays as it is.
pub async fn revoke(tx: &Tx, caller: &Person, id: RoleGrantId) -> Result<(), Problem> {
    let seen = store::find_visible(tx, caller, id, tx.today()).await?.ok_or_else(Problem::not_found)?;
    may_decide(tx, caller, &seen).await?;
    if let Some(unit) = seen.unit_id {
        // A merge that is under way is waited for: what it has carried over to another unit is another grant.
        units::lock_shared(tx, &[unit]).await?;
    }
    let grant = store::find_visible(tx, caller, id, tx.today()).await?.filter(|grant| *grant == seen);
    let grant = grant.ok_or_else(Problem::not_found)?;
    let Some(day) = grant.end_by(tx.today()) else { return Ok(()) };
    store::end(tx, id, day).await?;
    record(tx, "revoke_role", &grant).await
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
