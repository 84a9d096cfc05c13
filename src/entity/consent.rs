//! What a member agrees to now; the decisions behind it are in `consent_decision`.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kit::values::MemberId;

/// What a member may agree to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
#[schema(as = ConsentKind)]
pub enum Consent {
    /// The terms of use and the notice on personal data: the proof that they were shown and agreed to. The app shows them at
    /// the first sign-in, and whoever does not want them leaves; the server refuses nothing for want of it.
    Terms,
    /// Messages of the Official Account on Zalo.
    OaMessages,
    /// Keeping where a check-in was made.
    Location,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "consent")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub member_id: MemberId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: Consent,
    pub text_version: i32,
    pub is_agreed: bool,
    pub decided_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
