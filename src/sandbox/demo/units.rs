//! The organisation: units in their tree, and the cluster of 2024.

use uuid::Uuid;

use super::{
    ids::{self, FOUNDED, moment},
    material::{ClusterFacts, Material, UnitFacts},
    rows::Rows,
};
use crate::{
    entity::{cluster, cluster_head, cluster_unit, flag_holding, unit, unit_closure, unit_version},
    kit::values::{ClusterId, UnitId, clock::NO_END, text::fold},
};

/// Adds units and clusters.
pub fn add(rows: &mut Rows, material: &Material) {
    for facts in &material.facts.units {
        add_unit(rows, material, facts);
    }
    for facts in &material.facts.clusters {
        add_cluster(rows, facts);
    }
}

fn add_unit(rows: &mut Rows, material: &Material, facts: &UnitFacts) {
    let id = ids::unit(&facts.key);
    let created_at = moment(FOUNDED, 7, 0);
    rows.units.push(unit::Model { id, code: None, successor_id: None, created_at, version: 1 });
    rows.unit_versions.push(unit_version::Model {
        id: ids::part(&format!("unit_version/{}", facts.key)),
        unit_id: id,
        name: facts.name.clone(),
        short_name: None,
        folded_name: fold(&facts.name),
        kind: facts.kind.clone(),
        parent_id: facts.parent.as_deref().map(ids::unit),
        valid_from: FOUNDED,
        valid_to: NO_END,
    });
    let parents = material.parents();
    let mut above = Some(facts.key.as_str());
    let mut depth = 0;
    while let Some(ancestor) = above {
        rows.unit_closures.push(unit_closure::Model {
            ancestor_id: ids::unit(ancestor),
            descendant_id: id,
            valid_from: FOUNDED,
            valid_to: NO_END,
            depth,
        });
        above = parents.get(ancestor).copied();
        depth += 1;
    }
}

/// The flag was with the head of the year before until the pledge was signed.
fn add_cluster(rows: &mut Rows, facts: &ClusterFacts) {
    let id = ClusterId(ids::cluster(&facts.key));
    let first_day = chrono::NaiveDate::from_ymd_opt(facts.year, 1, 1).unwrap_or(facts.signed_on);
    rows.clusters.push(cluster::Model {
        id,
        name: facts.name.clone(),
        year: facts.year,
        motto: Some(facts.motto.clone()),
        signed_on: Some(facts.signed_on),
        created_at: moment(first_day, 8, 0),
        version: 1,
    });
    rows.cluster_units.extend(facts.units.iter().map(|unit| cluster_unit::Model {
        cluster_id: id,
        unit_id: UnitId(ids::unit(unit)),
        valid_from: first_day,
        valid_to: NO_END,
    }));
    let head = |unit: &str, valid_from, valid_to| cluster_head::Model {
        id: head_id(&facts.key, unit),
        cluster_id: id,
        unit_id: UnitId(ids::unit(unit)),
        valid_from,
        valid_to,
    };
    rows.cluster_heads.push(head(&facts.previous_head, first_day, facts.signed_on));
    rows.cluster_heads.push(head(&facts.head, facts.signed_on, NO_END));
    let holding = |unit: &str, valid_from, valid_to| flag_holding::Model {
        id: flag_id(&facts.key, unit),
        cluster_id: id,
        unit_id: UnitId(ids::unit(unit)),
        valid_from,
        valid_to,
    };
    rows.flag_holdings.push(holding(&facts.previous_head, first_day, facts.signed_on));
    rows.flag_holdings.push(holding(&facts.head, facts.signed_on, NO_END));
}

fn flag_id(cluster: &str, unit: &str) -> Uuid {
    ids::part(&format!("flag_holding/{cluster}/{unit}"))
}

fn head_id(cluster: &str, unit: &str) -> Uuid {
    ids::part(&format!("cluster_head/{cluster}/{unit}"))
}
