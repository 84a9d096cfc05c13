//! What time it is. Everything asks this clock, never the system or SQL, so that tests can move time.

use std::{fmt, sync::Arc};

use chrono::{DateTime, Duration, FixedOffset, NaiveDate, NaiveTime, SubsecRound, Utc};
use serde::{Deserialize as _, Deserializer};

/// Vietnam has one zone, UTC+7, and no daylight saving time.
const VIETNAM_OFFSET_SECONDS: i32 = 7 * 3600;

/// The last day of everything that has no end: periods are half-open, `[from, to)`.
pub const NO_END: NaiveDate = match NaiveDate::from_ymd_opt(9999, 12, 31) {
    Some(day) => day,
    None => NaiveDate::MAX,
};

/// The first day that anything may begin on: one before it is a slip of the pen.
pub const FIRST_DAY: NaiveDate = match NaiveDate::from_ymd_opt(1900, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

/// A source of the present moment, cut to microseconds, which is what both databases keep.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl Clock {
    /// The clock of this machine.
    pub fn system() -> Self {
        Self::from_fn(Utc::now)
    }

    /// A clock that says what `now` says.
    pub fn from_fn(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The present moment.
    pub fn now(&self) -> DateTime<Utc> {
        to_microseconds((self.0)())
    }

    /// The present calendar day in Vietnam.
    pub fn today(&self) -> NaiveDate {
        day_in_vietnam(self.now())
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.now()).finish()
    }
}

/// A moment as both databases keep it.
pub fn to_microseconds(moment: DateTime<Utc>) -> DateTime<Utc> {
    moment.trunc_subsecs(6)
}

/// A moment that a client gives, cut to microseconds likewise. For a field `Option<DateTime<Utc>>` with `#[serde(default)]`.
pub fn cut<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    Option::<DateTime<Utc>>::deserialize(deserializer).map(|moment| moment.map(to_microseconds))
}

/// The moment at which a calendar day begins in Asia/Ho_Chi_Minh.
pub fn start_in_vietnam(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc() - Duration::seconds(VIETNAM_OFFSET_SECONDS.into())
}

/// The calendar day that a moment falls on in Asia/Ho_Chi_Minh.
pub fn day_in_vietnam(moment: DateTime<Utc>) -> NaiveDate {
    FixedOffset::east_opt(VIETNAM_OFFSET_SECONDS)
        .map_or_else(|| moment.date_naive(), |zone| moment.with_timezone(&zone).date_naive())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_in_vietnam_begins_at_seventeen_hours_utc() {
        let before: DateTime<Utc> = "2026-03-01T16:59:59.999999Z".parse().unwrap();
        let after: DateTime<Utc> = "2026-03-01T17:00:00Z".parse().unwrap();

        assert_eq!(day_in_vietnam(before).to_string(), "2026-03-01");
        assert_eq!(day_in_vietnam(after).to_string(), "2026-03-02");
        assert_eq!(start_in_vietnam(day_in_vietnam(after)), after);
    }
}
