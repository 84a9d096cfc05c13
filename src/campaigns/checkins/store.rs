//! All SQL about check-ins.

use sea_orm::{ConnectionTrait, DbErr, EntityTrait as _};

use crate::{
    entity::{campaign, checkin, commitment},
    kit::{
        ids::{CampaignId, CheckinId, MemberId},
        quantity::Quantity,
    },
};

/// What a notification says of a check-in.
#[derive(Clone, Debug)]
pub struct CheckinNews {
    /// Who sent it.
    pub member_id: MemberId,
    /// In which campaign.
    pub campaign_id: CampaignId,
    /// What the campaign is called.
    pub campaign_title: String,
    /// For which commitment.
    pub commitment_title: String,
    /// How much.
    pub quantity: Quantity,
    /// Of what.
    pub unit_of_measure: String,
    /// Why it was returned.
    pub return_reason: Option<String>,
}

/// What a notification says of this check-in.
pub async fn news_of(db: &impl ConnectionTrait, id: CheckinId) -> Result<Option<CheckinNews>, DbErr> {
    let Some(row) = checkin::Entity::find_by_id(id.0).one(db).await? else { return Ok(None) };
    let campaign = campaign::Entity::find_by_id(row.campaign_id).one(db).await?;
    let commitment = commitment::Entity::find_by_id(row.commitment_id).one(db).await?;
    let (title, measure) =
        commitment.map(|commitment| (commitment.title, commitment.unit_of_measure)).unwrap_or_default();
    Ok(Some(CheckinNews {
        member_id: MemberId(row.member_id),
        campaign_id: CampaignId(row.campaign_id),
        campaign_title: campaign.map(|campaign| campaign.title).unwrap_or_default(),
        commitment_title: title,
        quantity: Quantity::from_thousandths(row.quantity),
        unit_of_measure: measure,
        return_reason: row.return_reason,
    }))
}
