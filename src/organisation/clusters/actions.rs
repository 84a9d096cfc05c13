//! Changes of clusters.

use std::collections::HashSet;

use chrono::NaiveDate;
use serde_json::json;

use super::{Cluster, NewCluster, store, wire::ClusterPatch};
use crate::{
    audit::{self, Subject},
    db::Tx,
    kit::{
        http::{IfMatch, Person},
        problems::{Fault, FaultCode, Faults, Problem},
        values::{ClusterId, UnitId},
    },
    organisation::units,
};

/// Makes a cluster of units that the caller manages, all of them.
pub async fn create(tx: &Tx, caller: &Person, new: NewCluster) -> Result<Cluster, Problem> {
    let mut cluster = Cluster {
        id: new.id.unwrap_or_default(),
        name: new.name,
        year: new.year,
        motto: new.motto,
        signed_on: new.signed_on,
        units: Vec::new(),
        heads: Vec::new(),
        flags: Vec::new(),
        version: 1,
    };
    units::lock_tree(tx).await?;
    let day = cluster.day_near(tx.today());
    let mut faults = Faults::new();
    faults.add_if(cluster.first_day_after() <= tx.today() && !caller.is_admin(), "/year", FaultCode::InPast);
    check_units(tx, &mut faults, &new.unit_ids, day).await?;
    check_one_of(&mut faults, "/head_unit_id", new.head_unit_id, &new.unit_ids);
    check_one_of(&mut faults, "/flag_unit_id", new.flag_unit_id, &new.unit_ids);
    faults.or(())?;
    require_manager(tx, caller, &new.unit_ids).await?;
    cluster.set_units(&new.unit_ids, cluster.first_day());
    cluster.set_head(new.head_unit_id, cluster.first_day());
    cluster.pass_flag(new.flag_unit_id, new.signed_on.filter(|day| cluster.runs_on(*day)).unwrap_or(day));
    cluster.keep_within(&units::spans(tx, new.unit_ids).await?);
    store::insert(tx, &cluster).await?;
    record(tx, "create_cluster", None, &cluster).await?;
    Ok(cluster)
}

/// Changes a cluster: its texts at once, its units, its head and its flag from a day on.
pub async fn update(
    tx: &Tx,
    caller: &Person,
    id: ClusterId,
    seen: &IfMatch,
    patch: ClusterPatch,
) -> Result<Cluster, Problem> {
    // Before the cluster, as a merge does: no unit ends between what is asked of it here and what is written.
    units::lock_tree(tx).await?;
    let mut cluster = store::find_for_change(tx, id).await?.ok_or_else(Problem::not_found)?;
    let before = cluster.clone();
    let on = patch.on.unwrap_or_else(|| cluster.day_near(tx.today()));
    let units = patch.unit_ids.clone().unwrap_or_else(|| cluster.units_on(on));
    require_manager(tx, caller, &[cluster.units_on(cluster.day_near(tx.today())), units.clone()].concat()).await?;
    seen.check(cluster.version)?;
    let mut faults = Faults::new();
    if patch.on.is_some() && !cluster.runs_on(on) {
        faults.add(Fault::at("/on", FaultCode::OutOfRange).with("limit", cluster.year));
    }
    let is_dated = patch.unit_ids.is_some() || patch.head_unit_id.is_some() || patch.flag_unit_id.is_some();
    let is_past = (patch.on.is_some() || is_dated) && on < tx.today();
    faults.add_if(is_past && !caller.is_admin(), "/on", FaultCode::InPast);
    if let Some(units) = &patch.unit_ids {
        check_units(tx, &mut faults, units, on).await?;
    }
    check_one_of(&mut faults, "/head_unit_id", patch.head_unit_id.flatten(), &units);
    check_one_of(&mut faults, "/flag_unit_id", patch.flag_unit_id.flatten(), &units);
    faults.or(())?;
    if let Some(units) = &patch.unit_ids {
        cluster.set_units(units, on);
    }
    if let Some(head) = patch.head_unit_id {
        cluster.set_head(head, on);
    }
    if let Some(holder) = patch.flag_unit_id {
        cluster.pass_flag(holder, on);
    }
    cluster.keep_within(&units::spans(tx, units).await?);
    cluster.name = patch.name.unwrap_or(cluster.name);
    cluster.motto = patch.motto.unwrap_or(cluster.motto);
    cluster.signed_on = patch.signed_on.unwrap_or(cluster.signed_on);
    store::save(tx, &mut cluster).await?;
    record(tx, "update_cluster", Some(&before), &cluster).await?;
    Ok(cluster)
}

async fn require_manager(tx: &Tx, caller: &Person, units: &[UnitId]) -> Result<(), Problem> {
    let units: Vec<Option<UnitId>> = units.iter().copied().map(Some).collect();
    units::require_manager_of(tx, caller, &units).await?;
    // Of no unit at all nobody is the manager.
    if units.is_empty() && !caller.is_admin() { Err(Problem::forbidden()) } else { Ok(()) }
}

async fn check_units(tx: &Tx, faults: &mut Faults, ids: &[UnitId], day: NaiveDate) -> Result<(), Problem> {
    let mut seen = HashSet::new();
    for (place, unit) in ids.iter().enumerate() {
        let is_there = units::exists_on(tx, *unit, day).await?;
        let pointer = format_args!("/unit_ids/{place}");
        faults.add_if(!is_there, pointer, FaultCode::NoSuchThing);
        faults.add_if(!seen.insert(*unit), pointer, FaultCode::Duplicate);
    }
    Ok(())
}

fn check_one_of(faults: &mut Faults, pointer: &str, unit: Option<UnitId>, units: &[UnitId]) {
    faults.add_if(unit.is_some_and(|unit| !units.contains(&unit)), pointer, FaultCode::NoSuchThing);
}

async fn record(tx: &Tx, action: &'static str, before: Option<&Cluster>, after: &Cluster) -> Result<(), Problem> {
    let today = tx.today();
    let shown = |cluster: &Cluster| {
        let day = cluster.day_near(today);
        let flag = cluster.flags.iter().max_by_key(|stay| stay.from).map(|stay| (stay.unit_id, stay.from));
        json!({"name": cluster.name, "year": cluster.year, "units": cluster.units_on(day),
            "head_unit_id": cluster.head_on(day), "flag": flag, "version": cluster.version})
    };
    let subject = Subject { kind: "cluster", id: after.id.0 };
    audit::record(tx, action, subject, before.map(shown), Some(shown(after))).await
}
