//! That a member's personal data is gone. The member's row stays, without a name.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "erasure")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub member_id: Uuid,
    pub source: String,
    pub requested_at: DateTimeUtc,
    pub due_at: DateTimeUtc,
    pub erased_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
