//! What a manager decided about a check-in, as it was then.

use sea_orm::entity::prelude::*;

use crate::{
    entity::checkin::CheckinStatus,
    kit::values::{CheckinDecisionId, CheckinId, MemberId},
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "checkin_decision")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CheckinDecisionId,
    pub checkin_id: CheckinId,
    pub member_id: MemberId,
    pub status: CheckinStatus,
    pub quantity: i64,
    pub reason: Option<String>,
    pub decided_by: Option<MemberId>,
    pub decided_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
