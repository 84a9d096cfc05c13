//! What has happened, in the transaction in which it happened. The position is given later, in the order of visibility.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox_event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub kind: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub payload: Json,
    pub subject_id: Uuid,
    pub recorded_at: DateTimeUtc,
    pub position: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
