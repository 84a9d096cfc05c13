//! What has happened, in the transaction in which it happened. The position is given later, in the order of visibility.

use sea_orm::entity::prelude::*;

use crate::kit::values::EventId;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox_event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EventId,
    pub kind: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub payload: Json,
    pub subject_id: Uuid,
    pub recorded_at: DateTimeUtc,
    pub position: Option<i64>,
    /// How often telling people of it has failed.
    pub attempt: i32,
    /// It is set aside, and told again from then on; none: it is not.
    pub retry_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
