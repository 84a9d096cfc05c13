//! A spreadsheet that is brought in, how far that is, and whose work it is for the moment.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "import")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub member_id: Uuid,
    pub kind: String,
    pub dry_run: bool,
    pub status: String,
    pub file_name: String,
    pub file_hash: String,
    pub file_size: i64,
    #[sea_orm(column_type = "JsonBinary")]
    pub headers: Json,
    pub rows_total: Option<i32>,
    pub planned_to: i32,
    pub applied_to: i32,
    pub created: i32,
    pub changed: i32,
    pub unchanged: i32,
    pub refused: i32,
    pub failure: Option<String>,
    pub created_at: DateTimeUtc,
    pub started_at: Option<DateTimeUtc>,
    pub finished_at: Option<DateTimeUtc>,
    pub lease_owner: Option<String>,
    pub lease_until: Option<DateTimeUtc>,
    pub attempt: i32,
    pub version: i64,
}

impl ActiveModelBehavior for ActiveModel {}
