//! One try of a delivery and what came of it.

use sea_orm::entity::prelude::*;

use crate::{entity::delivery::DeliveryStatus, kit::values::DeliveryId};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "delivery_attempt")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub delivery_id: DeliveryId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub attempt: i32,
    pub started_at: DateTimeUtc,
    pub finished_at: DateTimeUtc,
    pub outcome: DeliveryStatus,
    pub answer: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
