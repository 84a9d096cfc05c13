//! RFC 6749, 4.1: single use, a minute, bound to its PKCE challenge.

use sea_orm::entity::prelude::*;

use crate::kit::values::{MemberId, SessionId};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "authorization_code")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub code_hash: String,
    pub client_id: String,
    pub member_id: MemberId,
    pub redirect_uri: String,
    pub code_challenge: String,
    pub expires_at: DateTimeUtc,
    pub used_at: Option<DateTimeUtc>,
    pub session_id: Option<SessionId>,
}

impl ActiveModelBehavior for ActiveModel {}
