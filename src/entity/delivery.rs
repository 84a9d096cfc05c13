//! One notification on its way to one member by one outside channel; at most one of each.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kit::values::{DeliveryId, MemberId, NotificationId};

/// A channel by which messages leave the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Channel {
    /// Consultation messages of our Zalo Official Account.
    ZaloOa,
}

shown_as_kept!(Channel);

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// Not tried yet.
    Pending,
    /// Somebody is sending it.
    Sending,
    /// The channel took it.
    Delivered,
    /// An attempt failed; another one will follow.
    Failed,
    /// Given up.
    Dead,
    /// This recipient cannot be reached by this channel.
    Suppressed,
}

shown_as_kept!(DeliveryStatus);

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "delivery")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DeliveryId,
    pub notification_id: NotificationId,
    pub member_id: MemberId,
    pub channel: Channel,
    pub status: DeliveryStatus,
    pub due_at: DateTimeUtc,
    pub lease_owner: Option<String>,
    pub lease_until: Option<DateTimeUtc>,
    pub attempt: i32,
    pub provider_message_id: Option<String>,
    pub reason: Option<String>,
    pub created_at: DateTimeUtc,
    pub finished_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
