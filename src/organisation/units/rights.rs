//! Who may change the tree.

use super::store;
use crate::{
    db::Tx,
    kit::{http::Person, problems::Problem, values::UnitId},
};

/// The caller must manage each of these units, by a role over it or over one above it; above the topmost there is nobody
/// but an admin.
pub async fn require_manager_of(tx: &Tx, caller: &Person, units: &[Option<UnitId>]) -> Result<(), Problem> {
    if caller.is_admin() {
        return Ok(());
    }
    let managed = caller.managed_units();
    for unit in units {
        let is_permitted = match unit {
            Some(unit) => store::is_below_any(tx, *unit, &managed, tx.today()).await?,
            None => false,
        };
        if !is_permitted {
            return Err(Problem::forbidden());
        }
    }
    Ok(())
}
