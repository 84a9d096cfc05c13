//! All SQL about campaigns.

use chrono::NaiveDate;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QuerySelect as _,
    QueryTrait as _, sea_query::SelectStatement,
};

use crate::{
    entity::{campaign, campaign_audience as audience, membership},
    kit::ids::{CampaignId, UnitId},
    organisation::units::{below, within},
};

/// What a notification says of a campaign.
#[derive(Clone, Debug)]
pub struct CampaignNews {
    /// Its name.
    pub title: String,
    /// Its first day.
    pub starts_on: NaiveDate,
    /// Its last day.
    pub ends_on: NaiveDate,
}

/// What a notification says of this campaign.
pub async fn news_of(db: &impl ConnectionTrait, id: CampaignId) -> Result<Option<CampaignNews>, DbErr> {
    let row = campaign::Entity::find_by_id(id.0).one(db).await?;
    Ok(row.map(|row| CampaignNews { title: row.title, starts_on: row.starts_on, ends_on: row.ends_on }))
}

/// The ids of the members for whom a campaign is on `day`, as a subquery.
pub async fn audience_members(
    db: &impl ConnectionTrait,
    id: CampaignId,
    day: NaiveDate,
) -> Result<SelectStatement, DbErr> {
    let rows = audience::Entity::find().filter(audience::Column::CampaignId.eq(id.0)).all(db).await?;
    let members = membership::Entity::find()
        .select_only()
        .column(membership::Column::MemberId)
        .distinct()
        .filter(within(membership::Column::ValidFrom, membership::Column::ValidTo, day));
    if rows.is_empty() {
        return Ok(members.into_query());
    }
    let roots: Vec<UnitId> = rows.iter().filter_map(|row| row.unit_id).map(UnitId).collect();
    let fitting = Condition::any().add(membership::Column::UnitId.in_subquery(below(&roots, day)));
    Ok(members.filter(fitting).into_query())
}
