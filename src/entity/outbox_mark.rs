//! How far old events were let go of: one row, whose id is 1.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox_mark")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// Up to which position events may be gone.
    pub pruned_to: i64,
    pub pruned_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
