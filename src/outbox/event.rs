//! The vocabulary: what can happen here that somebody may want to hear of. Also what webhooks will send.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::kit::values::{ActivityId, CampaignId, CheckinDecisionId, CheckinId, ImportId, MemberId, PledgeId, UnitId};

/// Something that has happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Event {
    /// A member signed in for the first time.
    #[serde(rename = "member.joined")]
    MemberJoined {
        /// Who.
        member_id: MemberId,
    },
    /// A member was given a role.
    #[serde(rename = "role.granted")]
    RoleGranted {
        /// To whom.
        member_id: MemberId,
        /// Which.
        role: String,
        /// Over which unit and all below it; none is everywhere.
        unit_id: Option<UnitId>,
    },
    /// A unit stands, or will stand, under another one.
    #[serde(rename = "unit.moved")]
    UnitMoved {
        /// Which.
        unit_id: UnitId,
        /// Under which unit; none: at the top.
        parent_id: Option<UnitId>,
        /// From which day.
        on: NaiveDate,
    },
    /// A unit has been, or will be, merged into another one.
    #[serde(rename = "unit.merged")]
    UnitMerged {
        /// The one that ends.
        unit_id: UnitId,
        /// The one that goes on.
        into_unit_id: UnitId,
        /// From which day.
        on: NaiveDate,
    },
    /// New units have come, or will come, out of one.
    #[serde(rename = "unit.split")]
    UnitSplit {
        /// The one that was there.
        unit_id: UnitId,
        /// The new ones.
        new_unit_ids: Vec<UnitId>,
        /// From which day.
        on: NaiveDate,
    },
    /// A spreadsheet was worked on to its end, or given up.
    #[serde(rename = "import.ended")]
    ImportEnded {
        /// Which.
        import_id: ImportId,
    },
    /// A campaign was launched.
    #[serde(rename = "campaign.launched")]
    CampaignLaunched {
        /// Which.
        campaign_id: CampaignId,
    },
    /// A campaign was closed.
    #[serde(rename = "campaign.closed")]
    CampaignClosed {
        /// Which.
        campaign_id: CampaignId,
    },
    /// A pledge was signed.
    #[serde(rename = "pledge.signed")]
    PledgeSigned {
        /// Which.
        pledge_id: PledgeId,
    },
    /// A check-in was received.
    #[serde(rename = "checkin.submitted")]
    CheckinSubmitted {
        /// Which.
        checkin_id: CheckinId,
    },
    /// A check-in was verified by a manager.
    #[serde(rename = "checkin.verified")]
    CheckinVerified {
        /// Which.
        checkin_id: CheckinId,
        /// What was verified, as it was then; none in events from before that was kept.
        #[serde(default)]
        decision_id: Option<CheckinDecisionId>,
    },
    /// A check-in was returned to whoever sent it.
    #[serde(rename = "checkin.returned")]
    CheckinReturned {
        /// Which.
        checkin_id: CheckinId,
        /// What was returned and why, as it was then; none in events from before that was kept.
        #[serde(default)]
        decision_id: Option<CheckinDecisionId>,
    },
    /// An activity was published.
    #[serde(rename = "activity.published")]
    ActivityPublished {
        /// Which.
        activity_id: ActivityId,
    },
}

impl Event {
    /// Its name, as on the wire.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::MemberJoined { .. } => "member.joined",
            Self::RoleGranted { .. } => "role.granted",
            Self::UnitMoved { .. } => "unit.moved",
            Self::UnitMerged { .. } => "unit.merged",
            Self::UnitSplit { .. } => "unit.split",
            Self::ImportEnded { .. } => "import.ended",
            Self::CampaignLaunched { .. } => "campaign.launched",
            Self::CampaignClosed { .. } => "campaign.closed",
            Self::PledgeSigned { .. } => "pledge.signed",
            Self::CheckinSubmitted { .. } => "checkin.submitted",
            Self::CheckinVerified { .. } => "checkin.verified",
            Self::CheckinReturned { .. } => "checkin.returned",
            Self::ActivityPublished { .. } => "activity.published",
        }
    }

    /// What it is about.
    pub const fn subject(&self) -> Uuid {
        match self {
            Self::MemberJoined { member_id } | Self::RoleGranted { member_id, .. } => member_id.0,
            Self::UnitMoved { unit_id, .. } | Self::UnitMerged { unit_id, .. } | Self::UnitSplit { unit_id, .. } => {
                unit_id.0
            }
            Self::ImportEnded { import_id } => import_id.0,
            Self::CampaignLaunched { campaign_id } | Self::CampaignClosed { campaign_id } => campaign_id.0,
            Self::PledgeSigned { pledge_id } => pledge_id.0,
            Self::CheckinSubmitted { checkin_id }
            | Self::CheckinVerified { checkin_id, .. }
            | Self::CheckinReturned { checkin_id, .. } => checkin_id.0,
            Self::ActivityPublished { activity_id } => activity_id.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_on_the_wire_is_the_kind() {
        let event = Event::CheckinVerified { checkin_id: CheckinId::new(), decision_id: None };

        let json = serde_json::to_value(&event).unwrap();

        assert_eq!(json["type"], event.kind());
        assert_eq!(serde_json::from_value::<Event>(json).unwrap(), event);
    }

    #[test]
    fn an_event_from_before_decisions_were_kept_is_still_read() {
        let checkin_id = CheckinId::new();
        let old = serde_json::json!({"type": "checkin.returned", "checkin_id": checkin_id});

        let read: Event = serde_json::from_value(old).unwrap();

        assert_eq!(read, Event::CheckinReturned { checkin_id, decision_id: None });
    }
}
