//! For whom a campaign is: one kind of unit, one unit with all below it, or one cluster a row; no row means everyone.

use sea_orm::entity::prelude::*;

use crate::kit::values::{CampaignId, ClusterId, UnitId};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "campaign_audience")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub campaign_id: CampaignId,
    pub unit_kind: Option<String>,
    pub unit_id: Option<UnitId>,
    pub cluster_id: Option<ClusterId>,
}

impl ActiveModelBehavior for ActiveModel {}
