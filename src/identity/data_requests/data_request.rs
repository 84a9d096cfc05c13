//! What somebody asks about their personal data, and by when. The law asks for a first reply within 2 working days; Zalo's
//! data agreement for the thing itself within 72 hours, which is sooner than the law's 10 to 20 days.

use chrono::{DateTime, Datelike as _, TimeDelta, Utc, Weekday};

use crate::kit::{
    problems::{Code, Problem},
    values::{
        DataRequestId, MemberId,
        clock::{day_in_vietnam, later},
    },
};

const WORKING_DAYS_TO_REPLY: u32 = 2;
const TIME_TO_RESOLVE: TimeDelta = TimeDelta::hours(72);

pub use crate::entity::data_request::{Kind, Model as DataRequest, Origin, Status};

impl DataRequest {
    /// One that begins now, with its deadlines.
    pub fn new(
        member_id: MemberId,
        kind: Kind,
        source: Origin,
        detail: Option<String>,
        requested_at: DateTime<Utc>,
    ) -> Self {
        Self {
            id: DataRequestId::new(),
            member_id,
            kind,
            source,
            detail,
            status: Status::Open,
            requested_at,
            acknowledge_by: after_working_days(requested_at, WORKING_DAYS_TO_REPLY),
            due_at: later(requested_at, TIME_TO_RESOLVE),
            acknowledged_at: None,
            resolved_at: None,
            resolved_by: None,
            resolution: None,
            version: 1,
        }
    }

    /// Somebody replies. A second reply changes nothing.
    pub fn acknowledge(&mut self, now: DateTime<Utc>) -> Result<(), Problem> {
        self.require_unresolved()?;
        self.acknowledged_at.get_or_insert(now);
        self.status = Status::Acknowledged;
        Ok(())
    }

    /// It is done, or refused; whoever had not replied yet has replied now.
    pub fn resolve(
        &mut self,
        is_done: bool,
        resolution: Option<String>,
        by: MemberId,
        now: DateTime<Utc>,
    ) -> Result<(), Problem> {
        self.require_unresolved()?;
        self.acknowledged_at.get_or_insert(now);
        self.status = if is_done { Status::Done } else { Status::Refused };
        self.resolved_at = Some(now);
        self.resolved_by = Some(by);
        self.resolution = resolution;
        Ok(())
    }

    fn require_unresolved(&self) -> Result<(), Problem> {
        match self.status {
            Status::Open | Status::Acknowledged => Ok(()),
            Status::Done | Status::Refused => Err(Problem::new(Code::DataRequestResolved)),
        }
    }

    /// Has a deadline passed?
    pub fn is_overdue(&self, now: DateTime<Utc>) -> bool {
        match self.status {
            Status::Open => self.acknowledge_by < now || self.due_at < now,
            Status::Acknowledged => self.due_at < now,
            Status::Done | Status::Refused => false,
        }
    }
}

/// The same time of day so many working days later. Public holidays count as working days here, so that a deadline is never
/// later than the law's.
fn after_working_days(from: DateTime<Utc>, days: u32) -> DateTime<Utc> {
    let mut moment = from;
    let mut left = days;
    while left > 0 {
        moment = later(moment, TimeDelta::days(1));
        if !matches!(day_in_vietnam(moment).weekday(), Weekday::Sat | Weekday::Sun) {
            left -= 1;
        }
    }
    moment
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(moment: &str) -> DateTime<Utc> {
        moment.parse().unwrap()
    }

    #[test]
    fn two_working_days_pass_over_the_weekend() {
        // In Vietnam: Tuesday 10 March to Thursday; Friday to Tuesday; Saturday to Tuesday.
        assert_eq!(after_working_days(at("2026-03-10T02:00:00Z"), 2), at("2026-03-12T02:00:00Z"));
        assert_eq!(after_working_days(at("2026-03-13T08:00:00Z"), 2), at("2026-03-17T08:00:00Z"));
        assert_eq!(after_working_days(at("2026-03-14T08:00:00Z"), 2), at("2026-03-17T08:00:00Z"));
        // Friday 23:30 UTC is Saturday in Vietnam.
        assert_eq!(after_working_days(at("2026-03-13T23:30:00Z"), 1), at("2026-03-15T23:30:00Z"));
    }

    #[test]
    fn a_request_is_overdue_when_nobody_replies_in_time_or_when_it_is_not_done_in_time() {
        let start = at("2026-03-10T02:00:00Z");
        let mut request = DataRequest::new(MemberId::new(), Kind::Correction, Origin::App, None, start);

        assert!(!request.is_overdue(start + TimeDelta::hours(48)));
        assert!(request.is_overdue(start + TimeDelta::hours(49)));
        request.acknowledge(start + TimeDelta::hours(1)).unwrap();
        assert!(!request.is_overdue(start + TimeDelta::hours(72)));
        assert!(request.is_overdue(start + TimeDelta::hours(73)));
        request.resolve(true, None, MemberId::new(), start + TimeDelta::hours(74)).unwrap();
        assert!(!request.is_overdue(start + TimeDelta::hours(80)));
        assert_eq!(request.acknowledge(start).unwrap_err().code, Code::DataRequestResolved);
    }
}
