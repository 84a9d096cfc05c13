//! What a unit or a member promises in a campaign. `unit_id` is whom it counts for.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "pledge")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub campaign_id: Uuid,
    pub pledger_kind: String,
    pub unit_id: Uuid,
    pub member_id: Option<Uuid>,
    pub status: String,
    pub current_version: i32,
    pub signed_at: Option<DateTimeUtc>,
    pub signed_by: Option<Uuid>,
    pub verification_code: Option<String>,
    /// When the first commitment that is not reached is due; none when all are, or none is signed. Kept for speed, written in the
    /// same transaction as the ledger, and proved by `recount`.
    pub next_due_on: Option<Date>,
    pub created_by: Uuid,
    pub created_at: DateTimeUtc,
    pub version: i64,
}

impl ActiveModelBehavior for ActiveModel {}
