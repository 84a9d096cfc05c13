//! How many members were at home in this very unit on the day of `member_count_day`. Triggers on `membership` keep it.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "unit_member_count")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub unit_id: Uuid,
    pub members: i64,
}

impl ActiveModelBehavior for ActiveModel {}
