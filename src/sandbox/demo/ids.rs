//! Ids follow from keys, the same on every machine and every day, so that what is written about the demo stays true.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use uuid::Uuid;

use super::draw::id_of;
use crate::kit::values::{ActivityId, CampaignId, TargetId};

/// Everything that the demo knows by key was there on this day: 2020-01-01.
pub const FOUNDED: NaiveDate = match NaiveDate::from_ymd_opt(2020, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

/// The moment of that local time (Vietnam, UTC+7) on this day.
pub fn moment(day: NaiveDate, hour: i64, minute: i64) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc() + TimeDelta::hours(hour.saturating_sub(7)) + TimeDelta::minutes(minute)
}

fn known(key: &str) -> Uuid {
    id_of(key, moment(FOUNDED, 7, 0))
}

/// A unit's.
pub fn unit(key: &str) -> Uuid {
    known(&format!("unit/{key}"))
}

/// A cluster's.
pub fn cluster(key: &str) -> Uuid {
    known(&format!("cluster/{key}"))
}

/// The id of the member with this index within a unit; index 0 manages it.
pub fn member(unit: &str, number: usize) -> Uuid {
    known(&format!("member/{unit}/{number}"))
}

/// The guest's, who is in no unit.
pub fn guest() -> Uuid {
    known("member/guest")
}

/// A campaign's.
pub fn campaign(key: &str) -> CampaignId {
    known(&format!("campaign/{key}")).into()
}

/// The id of the target with this index within a campaign.
pub fn target(campaign: &str, ordinal: i32) -> TargetId {
    known(&format!("target/{campaign}/{ordinal}")).into()
}

/// An activity's.
pub fn activity(key: &str, published_at: DateTime<Utc>) -> ActivityId {
    id_of(&format!("activity/{key}"), published_at).into()
}

/// Of a part of something that has a key.
pub fn part(key: &str) -> Uuid {
    known(key)
}
