//! Pledges: signed in the first days of their campaign, with one commitment each.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    checkins,
    draw::{Draw, code_of, id_of},
    ids::{self, moment},
    material::{CampaignFacts, Material},
    plans::{Among, By, PLANS, Plan},
    rows::Rows,
};
use crate::{
    entity::{
        commitment::{self, Cadence},
        pledge::{self, PledgeStatus, PledgerKind},
        pledge_version,
    },
    kit::values::{CommitmentId, MemberId, PledgeId},
};

/// A pledge that somebody made.
pub struct Made<'a> {
    /// What is like it.
    pub plan: &'a Plan,
    /// In which campaign.
    pub campaign: &'a CampaignFacts,
    /// The unit's key.
    pub unit: &'a str,
    /// Who tells of it: the member, or somebody of the unit.
    pub teller: MemberId,
    /// Its own key.
    pub key: String,
    /// Its id.
    pub id: PledgeId,
    /// Its commitment's id.
    pub commitment_id: CommitmentId,
    /// How much it promises, in thousandths.
    pub promised: i64,
    /// When it was signed.
    pub signed_at: DateTime<Utc>,
}

/// Adds the pledges and what was told of them until `now`.
pub fn add(rows: &mut Rows, material: &Material, now: DateTime<Utc>) {
    for (plan, number) in PLANS.iter().zip(1..) {
        let campaign = material.facts.campaigns.iter().find(|campaign| campaign.key == plan.campaign);
        let Some(campaign) = campaign else { continue };
        for unit in units_of(material, plan.among) {
            let members = if let By::Members(count) = plan.by { 1..=count } else { 0..=0 };
            for member in members {
                let key = format!("pledge/{}/{number}/{unit}/{member}", plan.campaign);
                add_one(rows, material, plan, campaign, unit, member, key, now);
            }
        }
    }
}

fn units_of(material: &Material, among: Among) -> Vec<&str> {
    let facts = &material.facts;
    let is_in = |key: &str, parent: Option<&str>| match among {
        Among::All => true,
        Among::Only(unit) => key == unit,
        Among::Below(unit) => key == unit || parent == Some(unit),
        Among::Cluster(cluster) => {
            let mut clusters = facts.clusters.iter().filter(|facts| facts.key == cluster);
            clusters.any(|facts| facts.units.iter().any(|unit| unit == key))
        }
    };
    let units = facts.units.iter().filter(|unit| is_in(&unit.key, unit.parent.as_deref()));
    units.map(|unit| unit.key.as_str()).collect()
}

#[expect(clippy::too_many_arguments, reason = "one place, one caller")]
fn add_one(
    rows: &mut Rows,
    material: &Material,
    plan: &Plan,
    campaign: &CampaignFacts,
    unit: &str,
    member: usize,
    key: String,
    now: DateTime<Utc>,
) {
    let mut draw = Draw::of(&key);
    let signed_at = moment(campaign.launched_on() + TimeDelta::days(draw.between(1, 20)), draw.between(8, 16), 15);
    if signed_at > now {
        return;
    }
    let is_own = plan.by != By::Unit;
    let signer: MemberId = ids::member(unit, member).into();
    let made = Made {
        plan,
        campaign,
        unit,
        // A unit's results are told by one of its members, and verified by its manager.
        teller: if is_own { signer } else { ids::member(unit, 3).into() },
        id: id_of(&key, signed_at).into(),
        commitment_id: id_of(&format!("{key}/commitment"), signed_at).into(),
        promised: promised(plan, campaign, &mut draw),
        signed_at,
        key,
    };
    let statements = material.notes.statements(plan.topic, if is_own { "member" } else { "unit" });
    let statement = draw.pick(&statements).copied().unwrap_or(plan.statement);
    rows.pledges.push(pledge::Model {
        id: made.id,
        campaign_id: ids::campaign(&campaign.key),
        pledger_kind: if is_own { PledgerKind::Member } else { PledgerKind::Unit },
        unit_id: ids::unit(unit).into(),
        member_id: is_own.then_some(signer),
        status: PledgeStatus::Signed,
        current_version: 1,
        signed_at: Some(signed_at),
        signed_by: Some(signer),
        verification_code: Some(code_of(&made.key, 16)),
        next_due_on: None,
        created_by: signer,
        created_at: signed_at - TimeDelta::hours(2),
        version: 2,
    });
    rows.pledge_versions.push(pledge_version::Model {
        pledge_id: made.id,
        number: 1,
        statement: statement.to_owned(),
        campaign_version: 1,
        sealed_bytes: None,
        seal: None,
        sealed_at: None,
        created_at: signed_at - TimeDelta::hours(2),
    });
    rows.commitments.push(new_commitment(&made));
    checkins::add(rows, material, &made, now);
}

/// What is pledged is what the check-ins will come to, more or less.
fn promised(plan: &Plan, campaign: &CampaignFacts, draw: &mut Draw) -> i64 {
    let days = campaign.ends_on.signed_duration_since(campaign.starts_on).num_days();
    let (low, high) = plan.amount;
    let times = if plan.cadence == Cadence::Once { 1 } else { (days / plan.every_days).max(1) };
    let expected = (low + high) / 2 * times;
    let percent = if low == high { 100 } else { draw.between(85, 110) };
    let step = plan.step.max(1_000);
    (expected / 100 * percent / step).max(1) * step
}

fn new_commitment(made: &Made<'_>) -> commitment::Model {
    let (plan, campaign) = (made.plan, made.campaign);
    commitment::Model {
        id: made.commitment_id,
        pledge_id: made.id,
        ordinal: 1,
        target_id: plan.target.map(|ordinal| ids::target(plan.campaign, ordinal)),
        title: plan.title.to_owned(),
        unit_of_measure: plan.unit_of_measure.to_owned(),
        quantity: made.promised,
        due_on: campaign.ends_on,
        cadence: plan.cadence,
    }
}
