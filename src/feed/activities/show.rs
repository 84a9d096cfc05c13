//! Activities with the names that stand beside them, ready to be sent.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::{
    Activity, Depth,
    wire::{ActivityCampaign, ActivityView},
};
use crate::{
    campaigns::campaigns,
    db::ConnectionTrait,
    kit::{
        http::Slice,
        problems::Problem,
        values::{CampaignId, UnitId},
    },
    organisation::units::{self, UnitRef},
};

/// A page of activities, with units called as on `day`.
pub async fn show(
    db: &impl ConnectionTrait,
    slice: Slice<Activity>,
    depth: Depth,
    day: NaiveDate,
) -> Result<Slice<ActivityView>, Problem> {
    let names = Names::of(db, &slice.items, day).await?;
    Ok(slice.map(|activity| names.beside(activity, depth)))
}

/// One activity in full.
pub async fn show_one(db: &impl ConnectionTrait, activity: Activity, day: NaiveDate) -> Result<ActivityView, Problem> {
    let names = Names::of(db, std::slice::from_ref(&activity), day).await?;
    Ok(names.beside(activity, Depth::Article))
}

struct Names {
    units: HashMap<UnitId, String>,
    campaigns: HashMap<CampaignId, String>,
}

impl Names {
    async fn of(db: &impl ConnectionTrait, activities: &[Activity], day: NaiveDate) -> Result<Self, Problem> {
        let mut unit_ids: Vec<UnitId> = activities.iter().map(|activity| activity.unit_id).collect();
        unit_ids.sort();
        unit_ids.dedup();
        let mut campaign_ids: Vec<CampaignId> = activities.iter().filter_map(|activity| activity.campaign_id).collect();
        campaign_ids.sort();
        campaign_ids.dedup();
        let units = if unit_ids.is_empty() { HashMap::new() } else { units::names_on(db, &unit_ids, day).await? };
        let campaigns =
            if campaign_ids.is_empty() { HashMap::new() } else { campaigns::titles(db, &campaign_ids).await? };
        Ok(Self { units, campaigns })
    }

    fn beside(&self, activity: Activity, depth: Depth) -> ActivityView {
        let is_whole = depth == Depth::Article;
        let campaign = activity.campaign_id.and_then(|id| {
            let title = self.campaigns.get(&id)?.clone();
            Some(ActivityCampaign { id, title })
        });
        ActivityView {
            id: activity.id,
            kind: activity.kind,
            title: activity.title,
            summary: activity.summary,
            body_markdown: is_whole.then_some(activity.body_markdown),
            body_html: is_whole.then_some(activity.body_html),
            cover: None,
            media: Vec::new(),
            campaign,
            unit: UnitRef {
                id: activity.unit_id,
                name: self.units.get(&activity.unit_id).cloned().unwrap_or_default(),
            },
            tags: activity.tags,
            publish_at: activity.publish_at,
            published_at: activity.published_at,
            pinned: activity.is_pinned,
            status: activity.status,
            view_count: 0,
            reaction_count: 0,
            comment_count: 0,
            my_reaction: None,
        }
    }
}
