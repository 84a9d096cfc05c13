//! Ids are types, so that a unit's id never stands where a member's is asked for. Ours are UUIDv7 (RFC 9562, 5.7):
//! they sort by the time they were made, which keeps indexes compact. Clients may bring others, but not nil or max.
//! Rows have them too: to the database each is a plain UUID.

use std::fmt;

use chrono::{DateTime, Utc};
use sea_orm::{DbErr, DeriveValueType, TryFromU64};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::{NoContext, Timestamp, Uuid};

/// The smallest id of those that are made at this moment or later: ids sort by the time they were made.
pub fn first_id_of(moment: DateTime<Utc>) -> Uuid {
    let milliseconds = u64::try_from(moment.timestamp_millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &[0; 10]).into_uuid()
}

/// An id that is made at this moment.
fn id_of(moment: DateTime<Utc>) -> Uuid {
    let seconds = u64::try_from(moment.timestamp()).unwrap_or(0);
    Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, moment.timestamp_subsec_nanos()))
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident,)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(Serialize, Deserialize, ToSchema, DeriveValueType)]
        #[serde(transparent)]
        #[schema(value_type = Uuid, format = Uuid, examples("019a1c5e-7b1f-7c3a-9d2e-5f6a7b8c9d0e"))]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id, later in order than every id made before it in this process.
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }

            /// A new id of this moment: for rows that are found by their age.
            pub fn at(moment: DateTime<Utc>) -> Self {
                Self(id_of(moment))
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl TryFromU64 for $name {
            fn try_from_u64(_number: u64) -> Result<Self, DbErr> {
                Err(DbErr::ConvertFromU64(stringify!($name)))
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    )+};
}

ids! {
    /// A unit of the organisation.
    UnitId,
    /// An emulation cluster.
    ClusterId,
    /// A person.
    MemberId,
    /// A person's place in a unit.
    MembershipId,
    /// A role given to a person.
    RoleGrantId,
    /// A signed-in device.
    SessionId,
    /// A client app of a third party.
    ClientAppId,
    /// A spreadsheet that is brought in.
    ImportId,
    /// A campaign.
    CampaignId,
    /// A phase of a campaign.
    PhaseId,
    /// A target of a campaign.
    TargetId,
    /// A pledge.
    PledgeId,
    /// A commitment inside a pledge.
    CommitmentId,
    /// A check-in. Made by the phone, so that sending again is safe.
    CheckinId,
    /// What a manager decided about a check-in, once.
    CheckinDecisionId,
    /// A work that a unit carries out.
    WorkId,
    /// Something to read in the feed.
    ActivityId,
    /// An event in the outbox.
    EventId,
    /// A notification.
    NotificationId,
    /// A delivery to an outside channel.
    DeliveryId,
    /// A request about somebody's personal data.
    DataRequestId,
}
