//! An event that a provider told us of, stored once, worked on later. Whom it is about is kept as a keyed hash, until it is done.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "provider_event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub provider: String,
    pub event_key: String,
    pub kind: String,
    pub subject_hash: Option<String>,
    pub occurred_at: DateTimeUtc,
    pub received_at: DateTimeUtc,
    pub worked_at: Option<DateTimeUtc>,
    pub outcome: Option<String>,
    pub attempt: i32,
    pub due_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
