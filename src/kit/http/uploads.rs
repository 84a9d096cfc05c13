//! Uploads in progress. Each holds a file on disk and a connection for as long as its sender takes, so there are few of one
//! member and not many in all, on each replica.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::kit::{
    problems::{codes::Code, problem::Problem},
    values::ids::MemberId,
};

/// When to try again, in seconds.
const COME_BACK_SECONDS: u64 = 5;

/// The places for uploads.
#[derive(Debug)]
pub struct Uploads {
    at_once: usize,
    per_member: usize,
    under_way: Arc<Mutex<HashMap<MemberId, usize>>>,
}

/// A place, until it is dropped: with the answer, or with a request that is broken off.
#[derive(Debug)]
#[must_use = "dropped, the place is somebody else's"]
pub struct UploadPlace {
    member: MemberId,
    under_way: Arc<Mutex<HashMap<MemberId, usize>>>,
}

impl Uploads {
    /// So many at once, and so many of one member.
    pub fn new(at_once: usize, per_member: usize) -> Self {
        Self { at_once, per_member, under_way: Arc::default() }
    }

    /// A place for an upload of this member. To be taken before the first byte of the body is read.
    ///
    /// # Errors
    /// `too_many_uploads` when the member has their share, `unavailable` when all places are taken; both with `Retry-After`.
    pub fn begin(&self, member: MemberId) -> Result<UploadPlace, Problem> {
        let mut under_way = locked(&self.under_way);
        if under_way.get(&member).is_some_and(|count| *count >= self.per_member) {
            let problem = Problem::new(Code::TooManyUploads).with("limit", self.per_member);
            return Err(problem.header("retry-after", COME_BACK_SECONDS));
        }
        if under_way.values().sum::<usize>() >= self.at_once {
            metrics::counter!("thidua_uploads_refused_total").increment(1);
            return Err(Problem::new(Code::Unavailable).header("retry-after", COME_BACK_SECONDS));
        }
        let count = under_way.entry(member).or_default();
        *count = count.saturating_add(1);
        drop(under_way);
        Ok(UploadPlace { member, under_way: Arc::clone(&self.under_way) })
    }

    /// How many are in progress.
    pub fn in_progress(&self) -> usize {
        locked(&self.under_way).values().sum()
    }
}

impl Drop for UploadPlace {
    fn drop(&mut self) {
        let mut under_way = locked(&self.under_way);
        if let Some(count) = under_way.get_mut(&self.member) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                under_way.remove(&self.member);
            }
        }
    }
}

fn locked(under_way: &Mutex<HashMap<MemberId, usize>>) -> MutexGuard<'_, HashMap<MemberId, usize>> {
    under_way.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_member_has_few_places_and_all_together_have_not_many() {
        let uploads = Uploads::new(3, 2);
        let (one, two, three) = (MemberId::new(), MemberId::new(), MemberId::new());
        let code = |begun: Result<UploadPlace, Problem>| begun.unwrap_err().code;

        let first = uploads.begin(one).unwrap();
        let _second = uploads.begin(one).unwrap();
        assert_eq!(code(uploads.begin(one)), Code::TooManyUploads);
        let _third = uploads.begin(two).unwrap();
        assert_eq!(code(uploads.begin(three)), Code::Unavailable);
        assert_eq!(code(uploads.begin(one)), Code::TooManyUploads);

        drop(first);
        let _fourth = uploads.begin(three).unwrap();
        assert_eq!(uploads.in_progress(), 3);
    }
}
