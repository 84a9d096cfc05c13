//! Up to where the audit log was pruned, and what its chain goes on from.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_checkpoint")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i64,
    pub hash: String,
    pub row_count: i64,
    pub pruned_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
