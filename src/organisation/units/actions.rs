//! Changes of units.

use serde_json::json;

use super::{NewUnit, Unit, store};
use crate::{
    audit::{self, Subject},
    db::Tx,
    kit::{
        caller::Person,
        clock::NO_END,
        codes::FaultCode,
        problem::{Problem, bad_field},
    },
};

/// Makes a unit. A manager makes them below their own; a topmost one takes an admin.
pub async fn create(tx: &Tx, caller: &Person, new: NewUnit) -> Result<Unit, Problem> {
    let valid_from = new.valid_from.unwrap_or_else(|| tx.today());
    if let Some(parent) = new.parent_id
        && !store::exists_on(tx, parent, valid_from).await?
    {
        return Err(bad_field("/parent_id", FaultCode::NoSuchThing));
    }
    let is_permitted = match new.parent_id {
        _ if caller.is_admin() => true,
        Some(parent) => store::is_below_any(tx, parent, &caller.managed_units(), tx.today()).await?,
        None => false,
    };
    if !is_permitted {
        return Err(Problem::forbidden());
    }
    let unit = Unit {
        id: new.id.unwrap_or_default(),
        kind: new.kind,
        name: new.name,
        short_name: new.short_name,
        parent_id: new.parent_id,
        valid_from,
        valid_to: NO_END,
        version: 1,
    };
    store::insert(tx, &unit).await?;
    let after =
        json!({"name": unit.name, "kind": unit.kind, "parent_id": unit.parent_id, "valid_from": unit.valid_from});
    audit::record(tx, "create_unit", Subject { kind: "unit", id: unit.id.0 }, None, Some(after)).await?;
    Ok(unit)
}
