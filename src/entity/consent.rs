//! What a member agrees to now; the decisions behind it are in `consent_decision`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "consent")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub member_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    pub text_version: i32,
    pub is_agreed: bool,
    pub decided_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
