//! All SQL about activities.

use sea_orm::{ConnectionTrait, DbErr, EntityTrait as _};

use crate::{
    entity::activity,
    kit::ids::{ActivityId, CampaignId, UnitId},
};

/// What kind of activity it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActivityKind {
    /// For everybody of a unit.
    Announcement,
    /// All else.
    Other,
}

/// What a notification says of an activity.
#[derive(Clone, Debug)]
pub struct ActivityNews {
    /// Its title.
    pub title: String,
    /// What kind it is.
    pub kind: ActivityKind,
    /// Whose it is.
    pub unit_id: UnitId,
    /// The campaign that it belongs to.
    pub campaign_id: Option<CampaignId>,
}

/// What a notification says of this activity.
pub async fn news_of(db: &impl ConnectionTrait, id: ActivityId) -> Result<Option<ActivityNews>, DbErr> {
    let row = activity::Entity::find_by_id(id.0).one(db).await?;
    Ok(row.map(|row| ActivityNews {
        kind: if row.kind == "announcement" { ActivityKind::Announcement } else { ActivityKind::Other },
        title: row.title,
        unit_id: UnitId(row.unit_id),
        campaign_id: row.campaign_id.map(CampaignId),
    }))
}
