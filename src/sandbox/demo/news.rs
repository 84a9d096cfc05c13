//! What has just happened, for the relay to tell: it fills the inboxes when the demo starts, as it would on any day.

use chrono::{DateTime, TimeDelta, Utc};

use super::{draw::id_of, rows::Rows};
use crate::{
    entity::{campaign::Status, checkin::CheckinStatus, outbox_event},
    feed::activities::ActivityKind,
    kit::values::MemberId,
    outbox::Event,
};

/// How many decisions on check-ins are news.
const DECISIONS: usize = 40;
/// Younger announcements are news.
const NEWS_DAYS: i64 = 120;

/// Adds the events of these rows that people are still to be told of, oldest first.
pub fn add(rows: &mut Rows, now: DateTime<Utc>) -> anyhow::Result<()> {
    let mut events: Vec<(DateTime<Utc>, Event)> = Vec::new();
    for campaign in rows.campaigns.iter().filter(|campaign| campaign.status == Status::Launched) {
        let event = Event::CampaignLaunched { campaign_id: campaign.id };
        events.push((campaign.launched_at.unwrap_or(now), event));
    }
    let announcements = rows.activities.iter().filter(|activity| activity.kind == ActivityKind::Announcement);
    for activity in announcements {
        let published_at = activity.published_at.unwrap_or(now);
        if now - published_at < TimeDelta::days(NEWS_DAYS) {
            events.push((published_at, Event::ActivityPublished { activity_id: activity.id }));
        }
    }
    events.extend(decisions(rows));
    events.sort_by_key(|(moment, _)| *moment);
    for (recorded_at, event) in events {
        rows.outbox_events.push(outbox_event::Model {
            id: id_of(&format!("event/{}/{}", event.kind(), event.subject()), recorded_at).into(),
            kind: event.kind().to_owned(),
            payload: serde_json::to_value(&event)?,
            subject_id: event.subject(),
            recorded_at,
            position: None,
            attempt: 0,
            retry_at: None,
        });
    }
    Ok(())
}

/// The last decisions on check-ins, and always some on those of the members whom the demo shows.
fn decisions(rows: &Rows) -> Vec<(DateTime<Utc>, Event)> {
    let mut decided: Vec<_> = rows.checkins.iter().filter_map(|row| Some((row.decided_at?, row))).collect();
    decided.sort_by_key(|(moment, row)| (std::cmp::Reverse(*moment), row.id));
    let shown = [super::MEMBER.id(), super::OTHER_MEMBER.id()].map(MemberId::from);
    let latest = decided.iter().take(DECISIONS);
    let of_shown = shown
        .iter()
        .flat_map(|member| decided.iter().skip(DECISIONS).filter(move |(_, row)| row.member_id == *member).take(3));
    let events = latest.chain(of_shown).map(|(moment, row)| {
        let checkin_id = row.id;
        let event = match row.status {
            CheckinStatus::Verified => Event::CheckinVerified { checkin_id, decision_id: None },
            _ => Event::CheckinReturned { checkin_id, decision_id: None },
        };
        (*moment, event)
    });
    events.collect()
}
