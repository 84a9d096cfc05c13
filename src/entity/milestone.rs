//! A day of the year that a campaign is pinned to, in the solar or the lunar calendar.

use sea_orm::entity::prelude::*;

use crate::kit::values::CampaignId;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "milestone")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub campaign_id: CampaignId,
    pub ordinal: i32,
    pub name: String,
    pub month: i32,
    pub day: i32,
    pub is_lunar: bool,
}

impl ActiveModelBehavior for ActiveModel {}
