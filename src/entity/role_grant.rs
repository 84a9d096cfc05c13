//! A role over a unit and all below it (none: everywhere), dated.

use sea_orm::entity::prelude::*;

use crate::kit::values::{MemberId, RoleGrantId, UnitId};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "role_grant")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RoleGrantId,
    pub member_id: MemberId,
    pub role: String,
    pub unit_id: Option<UnitId>,
    pub valid_from: Date,
    pub valid_to: Date,
    pub granted_by: Option<MemberId>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
