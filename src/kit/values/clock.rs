//! What time it is. Everything asks this clock, never the system or SQL, so that tests can move time.

use std::{fmt, sync::Arc, time::Duration};

use chrono::{DateTime, NaiveDate, NaiveTime, SubsecRound, TimeDelta, Utc};
use serde::{Deserialize as _, Deserializer};

/// Vietnam has one zone, UTC+7, and no daylight saving time.
const VIETNAM_OFFSET: TimeDelta = TimeDelta::hours(7);

/// The first and the last moment that both databases can keep.
const FIRST_MOMENT: DateTime<Utc> = moment_of(1, 1, 1);
const LAST_MOMENT: DateTime<Utc> = moment_of(9999, 12, 31);

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

const fn moment_of(year: i32, month: u32, day: u32) -> DateTime<Utc> {
    match NaiveDate::from_ymd_opt(year, month, day) {
        Some(day) => day.and_time(NaiveTime::MIN).and_utc(),
        None => DateTime::UNIX_EPOCH,
    }
}

/// The moment that is so much later. It never fails: beyond what both databases can keep it is their first or last moment
/// (the years 1 and 9999). chrono's own `+` panics there, so a lint forbids it.
pub fn later(moment: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    let end = if by < TimeDelta::zero() { FIRST_MOMENT } else { LAST_MOMENT };
    moment.checked_add_signed(by).unwrap_or(end).clamp(FIRST_MOMENT, LAST_MOMENT)
}

/// The moment that is so much earlier, likewise.
pub fn earlier(moment: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    by.checked_mul(-1).map_or(FIRST_MOMENT, |back| later(moment, back))
}

/// That many days earlier, likewise.
pub fn days_earlier(moment: DateTime<Utc>, days: u32) -> DateTime<Utc> {
    earlier(moment, TimeDelta::try_days(days.into()).unwrap_or(TimeDelta::MAX))
}

/// A span as dates are reckoned with; the longest there is in the place of a longer one.
pub fn span(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

/// The moment at which a calendar day begins in Asia/Ho_Chi_Minh.
pub fn start_in_vietnam(day: NaiveDate) -> DateTime<Utc> {
    earlier(day.and_time(NaiveTime::MIN).and_utc(), VIETNAM_OFFSET)
}

/// The calendar day that a moment falls on in Asia/Ho_Chi_Minh.
pub fn day_in_vietnam(moment: DateTime<Utc>) -> NaiveDate {
    later(moment, VIETNAM_OFFSET).date_naive()
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

    #[test]
    fn no_date_is_too_far_to_be_reckoned_with() {
        let farthest =
            [DateTime::<Utc>::MIN_UTC, FIRST_MOMENT, DateTime::UNIX_EPOCH, LAST_MOMENT, DateTime::<Utc>::MAX_UTC];
        let spans = [TimeDelta::MIN, TimeDelta::zero(), TimeDelta::seconds(9_000_000_000_000), TimeDelta::MAX];
        for moment in farthest {
            for by in spans {
                for reached in [later(moment, by), earlier(moment, by)] {
                    assert!((FIRST_MOMENT..=LAST_MOMENT).contains(&reached), "{moment} {by}");
                }
            }
            let day = day_in_vietnam(moment);
            assert!((FIRST_MOMENT..=LAST_MOMENT).contains(&start_in_vietnam(day)));
        }
        assert_eq!(start_in_vietnam(NaiveDate::MAX), LAST_MOMENT);
        assert_eq!(start_in_vietnam(NaiveDate::MIN), FIRST_MOMENT);
        assert_eq!(span(Duration::MAX), TimeDelta::MAX);
        assert_eq!(days_earlier(DateTime::UNIX_EPOCH, u32::MAX), FIRST_MOMENT);
        assert_eq!(later(DateTime::UNIX_EPOCH, TimeDelta::days(1)).to_rfc3339(), "1970-01-02T00:00:00+00:00");
        assert_eq!(days_earlier(DateTime::UNIX_EPOCH, 1).to_rfc3339(), "1969-12-31T00:00:00+00:00");
    }
}
