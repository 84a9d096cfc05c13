//! The text of a pledge; a sealed version never changes.

use sea_orm::entity::prelude::*;

use crate::kit::values::PledgeId;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "pledge_version")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub pledge_id: PledgeId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    pub statement: String,
    pub campaign_version: i32,
    #[sea_orm(column_type = "Blob", nullable)]
    pub sealed_bytes: Option<Vec<u8>>,
    pub seal: Option<String>,
    pub sealed_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
