//! A numbered part of a campaign's time.

use sea_orm::entity::prelude::*;

use crate::kit::values::{CampaignId, PhaseId};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "phase")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PhaseId,
    pub campaign_id: CampaignId,
    pub ordinal: i32,
    pub name: String,
    pub starts_on: Date,
    pub ends_on: Date,
    pub focus: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
