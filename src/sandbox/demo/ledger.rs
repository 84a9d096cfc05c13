//! The ledger of the check-ins, and the totals that follow from it.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::rows::Rows;
use crate::entity::{checkin, commitment, ledger_entry, target_unit_total};

const REPORTED: &str = "reported";
const VERIFIED: &str = "verified";

/// Adds what a check-in's way to its state has left in the ledger.
pub fn add(rows: &mut Rows, checkin: &checkin::Model) {
    let decided_at = checkin.decided_at.unwrap_or(checkin.received_at);
    let mut enter = |figure: &str, delta: i64, cause: &str, recorded_at: DateTime<Utc>| {
        rows.ledger_entries.push(ledger_entry::Model {
            id: 0,
            checkin_id: checkin.id,
            commitment_id: checkin.commitment_id,
            target_id: checkin.target_id,
            unit_id: checkin.unit_id,
            member_id: checkin.member_id,
            phase_id: checkin.phase_id,
            day: checkin.day,
            figure: figure.to_owned(),
            delta,
            cause: cause.to_owned(),
            recorded_at,
        });
    };
    let status = checkin.status.as_str();
    if status != "held" {
        enter(REPORTED, checkin.quantity, "submitted", checkin.received_at);
    }
    match status {
        "verified" => enter(VERIFIED, checkin.quantity, status, decided_at),
        "returned" | "withdrawn" => enter(REPORTED, -checkin.quantity, status, decided_at),
        _ => {}
    }
}

/// Adds the totals of everything in the ledger.
pub fn add_totals(rows: &mut Rows) {
    let mut sums: BTreeMap<(Uuid, Uuid, Uuid), (i64, i64)> = BTreeMap::new();
    for entry in &rows.ledger_entries {
        let Some(target_id) = entry.target_id else { continue };
        let sum = sums.entry((target_id, entry.unit_id, entry.phase_id.unwrap_or_default())).or_default();
        if entry.figure == REPORTED { sum.0 += entry.delta } else { sum.1 += entry.delta }
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
    let mut verified: BTreeMap<Uuid, i64> = BTreeMap::new();
    for entry in rows.ledger_entries.iter().filter(|entry| entry.figure == VERIFIED) {
        *verified.entry(entry.commitment_id).or_default() += entry.delta;
    }
    let mut due: BTreeMap<Uuid, NaiveDate> = BTreeMap::new();
    let is_unreached = |one: &&commitment::Model| verified.get(&one.id).copied().unwrap_or(0) < one.quantity;
    for one in rows.commitments.iter().filter(is_unreached) {
        let first = due.entry(one.pledge_id).or_insert(one.due_on);
        *first = one.due_on.min(*first);
    }
    for pledge in &mut rows.pledges {
        pledge.next_due_on = due.get(&pledge.id).copied();
    }
}
