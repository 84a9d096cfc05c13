//! What was told of each pledge: most of it verified, the latest still waiting, a little returned or held.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{
    campaigns::phase_on,
    draw::{Draw, id_of},
    ids::{self, moment},
    ledger,
    material::Material,
    plans::By,
    pledges::Made,
    rows::Rows,
};
use crate::{
    entity::{
        checkin::{self, CheckinStatus},
        commitment::Cadence,
    },
    kit::{
        secrets::secret::{sha256, to_hex},
        values::clock::day_in_vietnam,
    },
};

/// What is older than this has been decided on.
const DECIDED_AFTER_DAYS: i64 = 21;
/// What is younger than this is mostly waiting.
const FRESH_DAYS: i64 = 5;
/// How far around the middle of Đà Lạt people are, in millionths of a degree.
const AROUND: i64 = 20_000;
const DA_LAT: (i64, i64) = (11_940_419, 108_458_313);
/// How many times the whole commitment an unlikely quantity is.
const UNLIKELY_TIMES: i64 = 5;
/// How many days after it happened a late one comes: more than the days of grace.
const LATE_DAYS: i64 = 9;
/// No note tells a larger number of things done by one person.
const MOST_TOLD: i64 = 60;

/// Adds what was told of a pledge until `now`, with its entries in the ledger.
pub fn add(rows: &mut Rows, material: &Material, made: &Made<'_>, now: DateTime<Utc>) {
    let mut draw = Draw::of(&format!("{}/checkins", made.key));
    let last = made.campaign.ends_on.min(day_in_vietnam(now));
    let mut day = day_in_vietnam(made.signed_at) + pause(&mut draw, made.plan.every_days);
    while day <= last {
        let checkin = new_checkin(&mut draw, material, made, day, now);
        if checkin.received_at <= now {
            ledger::add(rows, &checkin);
            rows.checkins.push(checkin);
        }
        if made.plan.cadence == Cadence::Once {
            break;
        }
        day += pause(&mut draw, made.plan.every_days);
    }
}

fn pause(draw: &mut Draw, every_days: i64) -> TimeDelta {
    TimeDelta::days(draw.between((every_days / 2).max(1), every_days + every_days / 2))
}

fn new_checkin(
    draw: &mut Draw,
    material: &Material,
    made: &Made<'_>,
    day: NaiveDate,
    now: DateTime<Utc>,
) -> checkin::Model {
    let plan = made.plan;
    let occurred_at = moment(day, draw.between(7, 17), draw.between(0, 59));
    let mut received_at = occurred_at + TimeDelta::minutes(draw.between(1, 90));
    let note = note(draw, material, made, day);
    let told = note.as_deref().and_then(number_in).filter(|_| plan.note_tells);
    let (low, high) = plan.amount;
    let drawn = draw.between(low / plan.step, high / plan.step) * plan.step;
    let mut quantity = told.map_or(drawn, |number| number * 1_000);
    let is_closed = made.campaign.ends_on < day_in_vietnam(now);
    let (status, flags) = fate(draw, now.signed_duration_since(received_at).num_days(), is_closed);
    if flags == ["unlikely_quantity"] {
        quantity = made.promised * UNLIKELY_TIMES;
    }
    if flags == ["late"] {
        received_at += TimeDelta::days(LATE_DAYS);
    }
    let decided_at = received_at + TimeDelta::hours(draw.between(3, 70));
    let is_decided = matches!(status, CheckinStatus::Verified | CheckinStatus::Returned) && decided_at <= now;
    let status = if is_decided || status == CheckinStatus::Held || status == CheckinStatus::Withdrawn {
        status
    } else {
        CheckinStatus::Submitted
    };
    let place = draw.is_lucky(30) && plan.by != By::Unit;
    let hash = format!("{}|{quantity}|{note:?}|{occurred_at}", made.commitment_id);
    checkin::Model {
        id: id_of(&format!("{}/{day}", made.key), occurred_at).into(),
        pledge_id: made.id,
        commitment_id: made.commitment_id,
        campaign_id: ids::campaign(&made.campaign.key),
        target_id: plan.target.map(|ordinal| ids::target(plan.campaign, ordinal)),
        phase_id: phase_on(made.campaign, day),
        unit_id: ids::unit(made.unit).into(),
        member_id: made.teller,
        quantity,
        note,
        occurred_at,
        received_at,
        day,
        latitude_e6: place.then(|| near(draw, DA_LAT.0)).flatten(),
        longitude_e6: place.then(|| near(draw, DA_LAT.1)).flatten(),
        accuracy_m: place.then_some(25),
        status,
        flags: flags.iter().map(|flag| json!(flag)).collect::<Vec<Value>>().into(),
        return_reason: (status == CheckinStatus::Returned)
            .then(|| draw.pick(&material.notes.return_reasons).cloned())
            .flatten(),
        decided_by: is_decided.then(|| ids::member(made.unit, 0).into()),
        decided_at: is_decided.then_some(decided_at),
        content_hash: to_hex(&sha256(hash.as_bytes())),
        version: if is_decided || status == CheckinStatus::Withdrawn { 2 } else { 1 },
    }
}

/// What becomes of a check-in that came so many days ago.
fn fate(draw: &mut Draw, age_days: i64, is_closed: bool) -> (CheckinStatus, Vec<&'static str>) {
    let dice = draw.between(1, 100);
    match dice {
        1 => (CheckinStatus::Withdrawn, vec![]),
        2..=4 => (CheckinStatus::Returned, vec![]),
        5 | 6 if !is_closed && age_days <= DECIDED_AFTER_DAYS => (CheckinStatus::Held, vec!["late"]),
        7 | 8 if !is_closed && age_days <= DECIDED_AFTER_DAYS => (CheckinStatus::Held, vec!["unlikely_quantity"]),
        9..=30 if !is_closed && age_days <= DECIDED_AFTER_DAYS => (CheckinStatus::Submitted, vec![]),
        _ if !is_closed && age_days <= FRESH_DAYS => (CheckinStatus::Submitted, vec![]),
        _ => (CheckinStatus::Verified, vec![]),
    }
}

fn note(draw: &mut Draw, material: &Material, made: &Made<'_>, day: NaiveDate) -> Option<String> {
    // What one person writes of an afternoon does not fit the thousands that a unit adds up.
    if made.plan.by == By::Unit && made.plan.cadence == Cadence::Monthly {
        return Some(format!("Số liệu tổng hợp của đơn vị đến ngày {}.", day.format("%d/%m/%Y")));
    }
    draw.pick(&material.notes.of(made.plan.topic)).map(|note| (*note).to_owned())
}

/// The first number that a note tells.
fn number_in(note: &str) -> Option<i64> {
    let mut words = note.split(|letter: char| !letter.is_ascii_digit());
    words.find(|word| !word.is_empty())?.parse().ok().filter(|number| (1..=MOST_TOLD).contains(number))
}

fn near(draw: &mut Draw, middle: i64) -> Option<i32> {
    i32::try_from(middle + draw.between(-AROUND, AROUND)).ok()
}
