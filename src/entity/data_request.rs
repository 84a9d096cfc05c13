//! What a member asks about their personal data, and by when it is to be answered and done.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kit::values::{DataRequestId, MemberId};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
#[schema(as = DataRequestKind)]
pub enum Kind {
    /// To see or to have what is held.
    Access,
    /// To mend what is wrong.
    Correction,
    /// To keep it but not to use it.
    Restriction,
    /// Not to use it for something.
    Objection,
    /// To erase it.
    Erasure,
}

/// How it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
#[schema(as = DataRequestSource)]
pub enum Origin {
    /// In the app.
    App,
    /// By letter, by telephone, in person: an admin wrote it down.
    Staff,
}

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
#[schema(as = DataRequestStatus)]
pub enum Status {
    /// Nobody has replied yet.
    Open,
    /// Somebody has replied and works on it.
    Acknowledged,
    /// Done.
    Done,
    /// Not done, for the reason given.
    Refused,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "data_request")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DataRequestId,
    pub member_id: MemberId,
    pub kind: Kind,
    pub source: Origin,
    pub detail: Option<String>,
    pub status: Status,
    pub requested_at: DateTimeUtc,
    pub acknowledge_by: DateTimeUtc,
    pub due_at: DateTimeUtc,
    pub acknowledged_at: Option<DateTimeUtc>,
    pub resolved_at: Option<DateTimeUtc>,
    pub resolved_by: Option<MemberId>,
    pub resolution: Option<String>,
    pub version: i64,
}

impl ActiveModelBehavior for ActiveModel {}
