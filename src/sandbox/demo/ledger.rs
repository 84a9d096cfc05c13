//! The ledger of the check-ins, and the totals that follow from it.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use uuid::Uuid;

use super::rows::Rows;
use crate::{
    entity::{
        checkin::{self, CheckinStatus},
        commitment,
        ledger_entry::{self, Cause, Figure},
        target_unit_total,
    },
    kit::values::{CommitmentId, PhaseId, PledgeId, TargetId, UnitId},
};

/// Adds what a check-in's way to its state has left in the ledger.
pub fn add(rows: &mut Rows, checkin: &checkin::Model) {
    let decided_at = checkin.decided_at.unwrap_or(checkin.received_at);
    let mut enter = |figure: Figure, delta: i64, cause: Cause, recorded_at: DateTime<Utc>| {
        rows.ledger_entries.push(ledger_entry::Model {
            id: 0,
            checkin_id: checkin.id,
            commitment_id: checkin.commitment_id,
            target_id: checkin.target_id,
            unit_id: checkin.unit_id,
            member_id: checkin.member_id,
            phase_id: checkin.phase_id,
            day: checkin.day,
            figure,
            delta,
            cause,
            recorded_at,
        });
    };
    if checkin.status != CheckinStatus::Held {
        enter(Figure::Reported, checkin.quantity, Cause::Submitted, checkin.received_at);
    }
    match checkin.status {
        CheckinStatus::Verified => enter(Figure::Verified, checkin.quantity, Cause::Verified, decided_at),
        CheckinStatus::Returned => enter(Figure::Reported, -checkin.quantity, Cause::Returned, decided_at),
        CheckinStatus::Withdrawn => enter(Figure::Reported, -checkin.quantity, Cause::Withdrawn, decided_at),
        CheckinStatus::Submitted | CheckinStatus::Held => {}
    }
}

/// Adds the totals of everything in the ledger.
pub fn add_totals(rows: &mut Rows) {
    let mut sums: BTreeMap<(TargetId, UnitId, PhaseId), (i64, i64)> = BTreeMap::new();
    for entry in &rows.ledger_entries {
        let Some(target_id) = entry.target_id else { continue };
        let sum = sums.entry((target_id, entry.unit_id, entry.phase_id.unwrap_or(PhaseId(Uuid::nil())))).or_default();
        match entry.figure {
            Figure::Reported => sum.0 += entry.delta,
            Figure::Verified => sum.1 += entry.delta,
        }
    }
    rows.target_unit_totals = sums
        .into_iter()
        .map(|((target_id, unit_id, phase_id), (reported, verified))| target_unit_total::Model {
            target_id,
            unit_id,
            phase_id,
            reported,
            verified,
        })
        .collect();
}

/// Adds to every pledge when the first commitment that is not reached is due.
pub fn add_standings(rows: &mut Rows) {
    let mut verified: BTreeMap<CommitmentId, i64> = BTreeMap::new();
    for entry in rows.ledger_entries.iter().filter(|entry| entry.figure == Figure::Verified) {
        *verified.entry(entry.commitment_id).or_default() += entry.delta;
    }
    let mut due: BTreeMap<PledgeId, NaiveDate> = BTreeMap::new();
    let is_unreached = |one: &&commitment::Model| verified.get(&one.id).copied().unwrap_or(0) < one.quantity;
    for one in rows.commitments.iter().filter(is_unreached) {
        let first = due.entry(one.pledge_id).or_insert(one.due_on);
        *first = one.due_on.min(*first);
    }
    for pledge in &mut rows.pledges {
        pledge.next_due_on = due.get(&pledge.id).copied();
    }
}
