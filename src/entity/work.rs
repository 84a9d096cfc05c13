//! A work that a unit carries out in a campaign.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "work")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub campaign_id: Uuid,
    pub unit_id: Uuid,
    pub kind: String,
    pub title: String,
    pub summary: Option<String>,
    pub place: Option<String>,
    pub unit_of_measure: Option<String>,
    pub goal: Option<i64>,
    pub achieved: Option<i64>,
    pub status: String,
    pub created_at: DateTimeUtc,
    pub version: i64,
}

impl ActiveModelBehavior for ActiveModel {}
