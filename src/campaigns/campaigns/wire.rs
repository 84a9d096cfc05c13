//! Campaigns on the wire.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Audience, Campaign, Kind, Milestone, Phase, Status, Target,
    parts::{NewCriterion, NewPhase, NewTarget, parse_phases, parse_targets},
};
use crate::kit::{
    problems::{FaultCode, Faults},
    values::{
        CampaignId, UnitId,
        patch::{given, given_or_empty, set},
    },
};

/// A campaign to be written.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "kind": "thematic",
    "title": "Chung tay trồng cây xanh năm 2026",
    "slogan": "Mỗi chi bộ một vườn cây",
    "summary": "Các chi bộ đăng ký và trồng cây xanh trong khuôn viên, trường học và tuyến đường.",
    "starts_on": "2026-01-01",
    "ends_on": "2026-12-31",
    "phases": [{"name": "Đợt 1", "starts_on": "2026-01-01", "ends_on": "2026-06-30"}, {"name": "Đợt 2", "starts_on": "2026-07-01", "ends_on": "2026-12-31"}],
    "targets": [{"name": "Cây xanh trồng mới", "unit_of_measure": "cây", "goal": 5000}]
}))]
pub struct NewCampaign {
    /// An id of your own making: any UUID (RFC 9562) but nil and max, best of version 7, which sorts by time. Made by the server
    /// when absent.
    pub id: Option<CampaignId>,
    /// Its form.
    pub kind: Kind,
    /// Its name.
    #[schema(min_length = 1, max_length = 300)]
    pub title: String,
    /// What it stands under.
    #[schema(max_length = 300)]
    pub slogan: Option<String>,
    /// It in a sentence.
    #[schema(max_length = 1000, content_media_type = "text/plain")]
    pub summary: Option<String>,
    /// It in full, in markdown.
    #[schema(max_length = 50_000, content_media_type = "text/markdown")]
    pub body: Option<String>,
    /// Its first day.
    pub starts_on: NaiveDate,
    /// Its last day.
    pub ends_on: NaiveDate,
    /// Who launches it; absent: the unit that you have duties in, or your home unit.
    pub launched_by_unit_id: Option<UnitId>,
    /// For whom it is; absent: for everyone.
    #[serde(default)]
    #[schema(required = false)]
    pub audience: Audience,
    /// Its phases.
    #[serde(default)]
    #[schema(required = false, max_items = 50)]
    pub phases: Vec<NewPhase>,
    /// What it is measured by.
    #[serde(default)]
    #[schema(required = false, max_items = 200)]
    pub targets: Vec<NewTarget>,
    /// Conditions that are met or not.
    #[serde(default)]
    #[schema(required = false, max_items = 100)]
    pub criteria: Vec<NewCriterion>,
    /// Days of the year that it is pinned to.
    #[serde(default)]
    #[schema(required = false, max_items = 100)]
    pub milestones: Vec<Milestone>,
}

/// Changes of a campaign: absent is unchanged, null is cleared (lists and the audience are empty then), a list replaces the
/// list. Of a launched one the texts, the last day and the goals can be changed, and targets added.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"slogan": "Mỗi chi bộ một vườn cây, mỗi đảng viên một cây xanh"}))]
pub struct CampaignPatch {
    /// Its form.
    #[schema(nullable = false)]
    pub kind: Option<Kind>,
    /// Its name.
    #[schema(nullable = false, min_length = 1, max_length = 300)]
    pub title: Option<String>,
    /// What it stands under.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 300)]
    pub slogan: Option<Option<String>>,
    /// It in a sentence.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 1000, content_media_type = "text/plain")]
    pub summary: Option<Option<String>>,
    /// It in full, in markdown.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 50_000, content_media_type = "text/markdown")]
    pub body: Option<Option<String>>,
    /// Its first day.
    #[schema(nullable = false)]
    pub starts_on: Option<NaiveDate>,
    /// Its last day.
    #[schema(nullable = false)]
    pub ends_on: Option<NaiveDate>,
    /// For whom it is; null: for everyone.
    #[serde(default, deserialize_with = "given_or_empty")]
    pub audience: Option<Audience>,
    /// Its phases.
    #[serde(default, deserialize_with = "given_or_empty")]
    #[schema(max_items = 50)]
    pub phases: Option<Vec<NewPhase>>,
    /// What it is measured by.
    #[serde(default, deserialize_with = "given_or_empty")]
    #[schema(max_items = 200)]
    pub targets: Option<Vec<NewTarget>>,
    /// Conditions that are met or not.
    #[serde(default, deserialize_with = "given_or_empty")]
    #[schema(max_items = 100)]
    pub criteria: Option<Vec<NewCriterion>>,
    /// Days of the year that it is pinned to.
    #[serde(default, deserialize_with = "given_or_empty")]
    #[schema(max_items = 100)]
    pub milestones: Option<Vec<Milestone>>,
}

impl NewCampaign {
    /// The campaign as a draft of this unit.
    pub fn parse(self, id: CampaignId, launched_by_unit_id: UnitId, faults: &mut Faults) -> Campaign {
        faults.add_if(self.ends_on < self.starts_on, "/ends_on", FaultCode::EndsBeforeStart);
        let phases = parse_phases(self.phases, self.starts_on, self.ends_on, faults);
        let targets = parse_targets(self.targets, faults);
        Campaign {
            id,
            kind: self.kind,
            title: self.title,
            slogan: self.slogan,
            summary: self.summary,
            body: self.body,
            status: Status::Draft,
            starts_on: self.starts_on,
            ends_on: self.ends_on,
            launched_by_unit_id,
            launched_at: None,
            closed_at: None,
            audience: self.audience,
            phases,
            targets,
            criteria: words(self.criteria),
            milestones: self.milestones,
            version: 1,
        }
    }
}

impl CampaignPatch {
    /// Changes the campaign, and says what is not as it should be then.
    pub fn apply(self, campaign: &mut Campaign, faults: &mut Faults) {
        if campaign.status != Status::Draft {
            self.check_launched(campaign, faults);
        }
        set(&mut campaign.kind, self.kind);
        set(&mut campaign.title, self.title);
        set(&mut campaign.slogan, self.slogan);
        set(&mut campaign.summary, self.summary);
        set(&mut campaign.body, self.body);
        set(&mut campaign.starts_on, self.starts_on);
        set(&mut campaign.ends_on, self.ends_on);
        set(&mut campaign.audience, self.audience);
        set(&mut campaign.criteria, self.criteria.map(words));
        set(&mut campaign.milestones, self.milestones);
        faults.add_if(campaign.ends_on < campaign.starts_on, "/ends_on", FaultCode::EndsBeforeStart);
        if let Some(phases) = self.phases {
            campaign.phases = parse_phases(phases, campaign.starts_on, campaign.ends_on, faults);
        } else {
            let is_outside = campaign
                .phases
                .iter()
                .any(|phase| phase.starts_on < campaign.starts_on || phase.ends_on > campaign.ends_on);
            faults.add_if(is_outside, "/ends_on", FaultCode::OutsideCampaign);
        }
        if let Some(targets) = self.targets {
            campaign.targets = parse_targets(targets, faults);
        }
    }

    /// What check-ins already stand on must not move: kind, first day, audience, phases, and the targets that there are.
    fn check_launched(&self, campaign: &Campaign, faults: &mut Faults) {
        faults.add_if(self.kind.is_some_and(|kind| kind != campaign.kind), "/kind", FaultCode::NotAllowed);
        faults.add_if(self.starts_on.is_some_and(|day| day != campaign.starts_on), "/starts_on", FaultCode::NotAllowed);
        faults.add_if(
            self.audience.as_ref().is_some_and(|audience| *audience != campaign.audience),
            "/audience",
            FaultCode::NotAllowed,
        );
        faults.add_if(self.phases.is_some(), "/phases", FaultCode::NotAllowed);
        if let Some(targets) = &self.targets {
            let keeps = |old: &Target| {
                targets.iter().any(|new| new.id == Some(old.id) && new.unit_of_measure == old.unit_of_measure)
            };
            faults.add_if(!campaign.targets.iter().all(keeps), "/targets", FaultCode::NotAllowed);
        }
    }
}

fn words(criteria: Vec<NewCriterion>) -> Vec<String> {
    criteria.into_iter().map(|criterion| criterion.0).collect()
}

/// A campaign.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CampaignView {
    /// Its id.
    pub id: CampaignId,
    /// Its form.
    pub kind: Kind,
    /// Its name.
    #[schema(examples("Chung tay trồng cây xanh năm 2026"))]
    pub title: String,
    /// What it stands under.
    #[schema(examples("Mỗi chi bộ một vườn cây"))]
    pub slogan: Option<String>,
    /// It in a sentence.
    #[schema(content_media_type = "text/plain")]
    pub summary: Option<String>,
    /// It in full, in markdown.
    #[schema(content_media_type = "text/markdown")]
    pub body: Option<String>,
    /// Where it stands.
    pub status: Status,
    /// Its first day.
    #[schema(examples("2026-01-01"))]
    pub starts_on: NaiveDate,
    /// Its last day.
    #[schema(examples("2026-12-31"))]
    pub ends_on: NaiveDate,
    /// Who launches it.
    pub launched_by_unit_id: UnitId,
    /// When it was launched.
    pub launched_at: Option<DateTime<Utc>>,
    /// When it was closed.
    pub closed_at: Option<DateTime<Utc>>,
    /// For whom it is; all lists empty: for everyone.
    pub audience: Audience,
    /// Its phases, in order.
    pub phases: Vec<Phase>,
    /// What it is measured by, in order.
    pub targets: Vec<Target>,
    /// Conditions that are met or not.
    #[schema(examples(json!(["Xã có dịch vụ viễn thông, internet"])))]
    pub criteria: Vec<String>,
    /// Days of the year that it is pinned to.
    pub milestones: Vec<Milestone>,
}

impl From<Campaign> for CampaignView {
    fn from(campaign: Campaign) -> Self {
        Self {
            id: campaign.id,
            kind: campaign.kind,
            title: campaign.title,
            slogan: campaign.slogan,
            summary: campaign.summary,
            body: campaign.body,
            status: campaign.status,
            starts_on: campaign.starts_on,
            ends_on: campaign.ends_on,
            launched_by_unit_id: campaign.launched_by_unit_id,
            launched_at: campaign.launched_at,
            closed_at: campaign.closed_at,
            audience: campaign.audience,
            phases: campaign.phases,
            targets: campaign.targets,
            criteria: campaign.criteria,
            milestones: campaign.milestones,
        }
    }
}

/// Which campaigns.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CampaignFilter {
    /// Only those that stand here.
    #[param(inline)]
    pub status: Option<Status>,
    /// Only those of this form.
    #[param(inline)]
    pub kind: Option<Kind>,
    /// Only those launched by this unit, or by one that was merged into it.
    pub unit_id: Option<UnitId>,
    /// Only those with this in their titles, with or without diacritics.
    #[param(min_length = 1, max_length = 100)]
    pub q: Option<String>,
    /// How many items at the most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[param(max_length = 1000)]
    pub cursor: Option<String>,
}
