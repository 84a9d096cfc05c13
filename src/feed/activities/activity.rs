//! What an activity is, and how it goes from draft to archive.

use chrono::{DateTime, Utc};

use crate::kit::{
    problems::{Code, Problem},
    values::{ActivityId, CampaignId, MemberId, UnitId},
};

pub use crate::entity::activity::{ActivityKind, ActivityStatus};

/// Something that people read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// Its id.
    pub id: ActivityId,
    /// What it tells of.
    pub kind: ActivityKind,
    /// Its headline.
    pub title: String,
    /// It in a sentence or two.
    pub summary: String,
    /// The article as it was written.
    pub body_markdown: String,
    /// The same, safe to show: always `to_html` of the markdown.
    pub body_html: String,
    /// The campaign that it belongs to.
    pub campaign_id: Option<CampaignId>,
    /// The unit that publishes it.
    pub unit_id: UnitId,
    /// Words that it is found by.
    pub tags: Vec<String>,
    /// How far it has come.
    pub status: ActivityStatus,
    /// Does it stand before everything newer?
    pub is_pinned: bool,
    /// When it is to be published, while that is scheduled.
    pub publish_at: Option<DateTime<Utc>>,
    /// Since when everybody may read it; none before it was published.
    pub published_at: Option<DateTime<Utc>>,
    /// Who wrote it first.
    pub created_by: Option<MemberId>,
    /// The row's version: the number of its newest revision.
    pub version: i64,
}

/// An activity in this state does not allow that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the activity is {0}")]
pub struct WrongState(pub ActivityStatus);

impl From<WrongState> for Problem {
    fn from(error: WrongState) -> Self {
        Self::new(Code::ActivityState).with("status", error.0)
    }
}

impl Activity {
    /// Hands a draft in.
    pub fn submit(&mut self) -> Result<(), WrongState> {
        self.go_to(ActivityStatus::Submitted, &[ActivityStatus::Draft])
    }

    /// Lets everybody read it from now on; or schedules that, when `at` is still to come.
    pub fn publish(&mut self, now: DateTime<Utc>, at: Option<DateTime<Utc>>) -> Result<(), WrongState> {
        let from = [ActivityStatus::Draft, ActivityStatus::Submitted];
        self.publish_at = at.filter(|at| *at > now);
        if self.publish_at.is_some() {
            return self.go_to(ActivityStatus::Submitted, &from);
        }
        self.go_to(ActivityStatus::Published, &from)?;
        self.published_at = Some(now);
        Ok(())
    }

    /// Takes a published one out of sight, or a submitted one, scheduled or not, that is not to come into sight.
    pub fn archive(&mut self) -> Result<(), WrongState> {
        self.publish_at = None;
        self.go_to(ActivityStatus::Archived, &[ActivityStatus::Published, ActivityStatus::Submitted])
    }

    /// An archived one stays as it was.
    pub fn check_editable(&self) -> Result<(), WrongState> {
        if self.status == ActivityStatus::Archived { Err(WrongState(self.status)) } else { Ok(()) }
    }

    /// Only what nobody else has read can vanish.
    pub fn check_deletable(&self) -> Result<(), WrongState> {
        if self.status == ActivityStatus::Draft { Ok(()) } else { Err(WrongState(self.status)) }
    }

    fn go_to(&mut self, next: ActivityStatus, from: &[ActivityStatus]) -> Result<(), WrongState> {
        if !from.contains(&self.status) {
            return Err(WrongState(self.status));
        }
        self.status = next;
        Ok(())
    }
}
