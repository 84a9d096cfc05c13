//! Which unit headed a cluster, from when to when.

use sea_orm::entity::prelude::*;

use crate::kit::values::{ClusterId, UnitId};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "cluster_head")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub cluster_id: ClusterId,
    pub unit_id: UnitId,
    pub valid_from: Date,
    pub valid_to: Date,
}

impl ActiveModelBehavior for ActiveModel {}
