//! Who belongs to which unit, from a day to a day; one home at a time.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kit::values::{MemberId, MembershipId, UnitId};

/// How somebody belongs to a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum MembershipKind {
    /// Where they are at home; one at a time.
    Home,
    /// Where they are active for a while.
    Temporary,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "membership")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MembershipId,
    pub member_id: MemberId,
    pub unit_id: UnitId,
    pub kind: MembershipKind,
    pub valid_from: Date,
    pub valid_to: Date,
}

impl ActiveModelBehavior for ActiveModel {}
