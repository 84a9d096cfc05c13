//! Append only: what a member agreed to or withdrew, in which version of the text, when, by which client.

use sea_orm::entity::prelude::*;

use crate::{entity::consent::Consent, kit::values::MemberId};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "consent_decision")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub member_id: MemberId,
    pub kind: Consent,
    pub text_version: i32,
    pub is_agreed: bool,
    pub client_id: String,
    pub decided_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
