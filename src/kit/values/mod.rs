//! Values: moments, ids, quantities, texts, languages. They know nothing of HTTP but a header here and there.

pub mod clock;
pub mod days;
pub mod ids;
pub mod language;
pub mod patch;
pub mod quantity;
pub mod text;

pub use clock::Clock;
pub use days::Days;
pub use ids::{
    ActivityId, CampaignId, CheckinDecisionId, CheckinId, ClientAppId, ClusterId, CommitmentId, DataRequestId,
    DeliveryId, EventId, ImportId, MemberId, MembershipId, NotificationId, PhaseId, PledgeId, RoleGrantId, SessionId,
    TargetId, UnitId, WorkId,
};
pub use language::Language;
pub use quantity::{Quantity, Total};
