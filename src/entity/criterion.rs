//! A condition that is met or not met.

use sea_orm::entity::prelude::*;

use crate::kit::values::CampaignId;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "criterion")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub campaign_id: CampaignId,
    pub ordinal: i32,
    pub text: String,
}

impl ActiveModelBehavior for ActiveModel {}
