//! Who hears of what. The match is exhaustive: a new event does not compile until somebody decides who hears of it.

use super::{
    notifications::Recipients,
    words::{ImportNews, News, Report},
};
use crate::{
    campaigns::{
        campaigns,
        checkins::{self, CheckinNews},
        pledges,
    },
    db::Tx,
    feed::activities::{self, ActivityKind},
    identity::role_grants,
    kit::{
        problems::Problem,
        values::{MemberId, UnitId},
    },
    organisation::{imports, members, units},
    outbox::Event,
};

/// News, and whom it is for.
pub struct Told {
    /// What they read.
    pub news: News,
    /// Who they are.
    pub recipients: Recipients,
}

/// What people are told of `event`; nothing when it is nobody's news, or its subject is gone.
pub async fn of(tx: &Tx, event: &Event) -> Result<Option<Told>, Problem> {
    match event {
        // Whoever joined knows it, and a guest is in nobody's unit yet.
        Event::MemberJoined { .. } => Ok(None),
        // Managers see it in their review queue, where it also goes away when another one has dealt with it.
        Event::CheckinSubmitted { .. } => Ok(None),
        // The feed tells the result; closing asks nothing of anybody.
        Event::CampaignClosed { .. } => Ok(None),
        Event::RoleGranted { member_id, role, unit_id } => {
            let unit_name = match unit_id {
                Some(unit) => Some(name_of(tx, *unit).await?),
                None => None,
            };
            Ok(Some(told(News::RoleGranted { role: role.clone(), unit_name }, vec![*member_id])))
        }
        // Those who manage the units that it changes: it is they who have other people and other figures from then on.
        Event::UnitMoved { unit_id, parent_id, on } => {
            let parent_name = match parent_id {
                Some(parent) => Some(name_of(tx, *parent).await?),
                None => None,
            };
            let managers = role_grants::managers_above(tx, *unit_id, *on).await?;
            let news = News::UnitMoved { unit_name: name_of(tx, *unit_id).await?, parent_name, on: *on };
            Ok(Some(told(news, managers)))
        }
        Event::UnitMerged { unit_id, into_unit_id, on } => {
            let managers = role_grants::managers_above(tx, *into_unit_id, *on).await?;
            let (unit_name, into_name) = (name_of(tx, *unit_id).await?, name_of(tx, *into_unit_id).await?);
            Ok(Some(told(News::UnitMerged { unit_name, into_name, on: *on }, managers)))
        }
        Event::UnitSplit { unit_id, new_unit_ids, on } => {
            let managers = role_grants::managers_above(tx, *unit_id, *on).await?;
            let mut new_names = Vec::with_capacity(new_unit_ids.len());
            for unit in new_unit_ids {
                new_names.push(name_of(tx, *unit).await?);
            }
            let news = News::UnitSplit { unit_name: name_of(tx, *unit_id).await?, new_names, on: *on };
            Ok(Some(told(news, managers)))
        }
        // Whoever has sent the file waits for it; nobody else knows of it.
        Event::ImportEnded { import_id } => {
            let Some(import) = imports::find(tx, *import_id).await? else { return Ok(None) };
            let sender = vec![import.member_id];
            Ok(Some(told(News::ImportEnded(ImportNews::of(&import)), sender)))
        }
        Event::CampaignLaunched { campaign_id } => {
            let Some(campaign) = campaigns::news_of(tx, *campaign_id).await? else { return Ok(None) };
            let members = campaigns::audience_members(tx, *campaign_id, tx.today()).await?;
            let news = News::CampaignLaunched {
                title: campaign.title,
                starts_on: campaign.starts_on,
                ends_on: campaign.ends_on,
            };
            Ok(Some(Told { news, recipients: Recipients::All(Box::new(members)) }))
        }
        Event::PledgeSigned { pledge_id } => {
            let Some(pledge) = pledges::news_of(tx, *pledge_id).await? else { return Ok(None) };
            let mut managers = role_grants::managers_above(tx, pledge.unit_id, tx.today()).await?;
            managers.retain(|manager| Some(*manager) != pledge.signed_by);
            let news = News::PledgeSigned { pledger_name: pledge.pledger_name, campaign_title: pledge.campaign_title };
            Ok(Some(told(news, managers)))
        }
        Event::CheckinVerified { checkin_id, decision_id } => {
            let Some(checkin) = checkins::news_of(tx, *checkin_id, *decision_id).await? else { return Ok(None) };
            let sender = vec![checkin.member_id];
            Ok(Some(told(News::CheckinVerified(report(checkin)), sender)))
        }
        Event::CheckinReturned { checkin_id, decision_id } => {
            let Some(mut checkin) = checkins::news_of(tx, *checkin_id, *decision_id).await? else { return Ok(None) };
            let sender = vec![checkin.member_id];
            let reason = checkin.return_reason.take();
            Ok(Some(told(News::CheckinReturned { report: report(checkin), reason }, sender)))
        }
        Event::ActivityPublished { activity_id } => {
            let activity = activities::news_of(tx, *activity_id).await?;
            // Other activities wait in the feed until somebody reads them.
            let Some(activity) = activity.filter(|activity| activity.kind == ActivityKind::Announcement) else {
                return Ok(None);
            };
            let unit_name = name_of(tx, activity.unit_id).await?;
            let recipients = Recipients::All(Box::new(members::members_at_home_below(activity.unit_id, tx.today())));
            Ok(Some(Told { news: News::ActivityPublished { title: activity.title, unit_name }, recipients }))
        }
    }
}

fn told(news: News, members: Vec<MemberId>) -> Told {
    Told { news, recipients: Recipients::These(members) }
}

fn report(checkin: CheckinNews) -> Report {
    Report {
        campaign_title: checkin.campaign_title,
        commitment_title: checkin.commitment_title,
        quantity: checkin.quantity,
        unit_of_measure: checkin.unit_of_measure,
    }
}

async fn name_of(tx: &Tx, unit: UnitId) -> Result<String, Problem> {
    Ok(units::names_on(tx, &[unit], tx.today()).await?.remove(&unit).unwrap_or_default())
}
