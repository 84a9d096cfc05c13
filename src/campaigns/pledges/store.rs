//! All SQL about pledges.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait as _};

use crate::{
    entity::{campaign, member, pledge},
    kit::ids::{MemberId, PledgeId, UnitId},
    organisation::units::names_on,
};

/// What a notification says of a pledge.
#[derive(Clone, Debug)]
pub struct PledgeNews {
    /// The unit that it counts for.
    pub unit_id: UnitId,
    /// Who pledges.
    pub pledger_name: String,
    /// In which campaign.
    pub campaign_title: String,
    /// Who signed it.
    pub signed_by: Option<MemberId>,
}

/// What a notification says of this pledge.
pub async fn news_of(db: &impl ConnectionTrait, id: PledgeId) -> Result<Option<PledgeNews>, DbErr> {
    let Some(row) = pledge::Entity::find_by_id(id.0).one(db).await? else { return Ok(None) };
    let title = campaign::Entity::find_by_id(row.campaign_id).one(db).await?.map(|row| row.title);
    let unit_id = UnitId(row.unit_id);
    let pledger_name = match row.member_id {
        Some(member) => member::Entity::find_by_id(member).one(db).await?.map(|row| row.display_name),
        None => names_on(db, &[unit_id], NaiveDate::MAX).await?.remove(&unit_id),
    };
    Ok(Some(PledgeNews {
        unit_id,
        pledger_name: pledger_name.unwrap_or_default(),
        campaign_title: title.unwrap_or_default(),
        signed_by: row.signed_by.map(MemberId),
    }))
}
