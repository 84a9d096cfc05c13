//! What a member asks about their personal data, and by when it is to be answered and done.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "data_request")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub member_id: Uuid,
    pub kind: String,
    pub source: String,
    pub detail: Option<String>,
    pub status: String,
    pub requested_at: DateTimeUtc,
    pub acknowledge_by: DateTimeUtc,
    pub due_at: DateTimeUtc,
    pub acknowledged_at: Option<DateTimeUtc>,
    pub resolved_at: Option<DateTimeUtc>,
    pub resolved_by: Option<Uuid>,
    pub resolution: Option<String>,
    pub version: i64,
}

impl ActiveModelBehavior for ActiveModel {}
