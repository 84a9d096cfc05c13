//! Everything that is to be kept, table by table, before any of it is.

use crate::{
    entity::{
        campaign, campaign_audience, campaign_version, checkin, cluster, cluster_head, cluster_unit, commitment,
        criterion, flag_holding, ledger_entry, member, membership, milestone, outbox_event, phase, pledge,
        pledge_version, role_grant, target, target_unit_total, unit, unit_closure, unit_version, work,
    },
    feed::activities::Activity,
};

/// The rows of the demo data. Tables are in the order in which their keys ask for one another.
#[derive(Debug, Default)]
pub struct Rows {
    pub units: Vec<unit::Model>,
    pub unit_versions: Vec<unit_version::Model>,
    pub unit_closures: Vec<unit_closure::Model>,
    pub clusters: Vec<cluster::Model>,
    pub cluster_units: Vec<cluster_unit::Model>,
    pub cluster_heads: Vec<cluster_head::Model>,
    pub flag_holdings: Vec<flag_holding::Model>,
    pub members: Vec<member::Model>,
    pub memberships: Vec<membership::Model>,
    pub role_grants: Vec<role_grant::Model>,
    pub campaigns: Vec<campaign::Model>,
    pub campaign_versions: Vec<campaign_version::Model>,
    pub campaign_audiences: Vec<campaign_audience::Model>,
    pub phases: Vec<phase::Model>,
    pub targets: Vec<target::Model>,
    pub criteria: Vec<criterion::Model>,
    pub milestones: Vec<milestone::Model>,
    pub works: Vec<work::Model>,
    pub pledges: Vec<pledge::Model>,
    pub pledge_versions: Vec<pledge_version::Model>,
    pub commitments: Vec<commitment::Model>,
    pub checkins: Vec<checkin::Model>,
    pub ledger_entries: Vec<ledger_entry::Model>,
    pub target_unit_totals: Vec<target_unit_total::Model>,
    pub activities: Vec<Activity>,
    pub outbox_events: Vec<outbox_event::Model>,
}
