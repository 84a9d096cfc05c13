//! The campaigns with their parts, and the works that units carry out in them.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::{
    ids::{self, moment},
    material::{CampaignFacts, Material, MilestoneFacts, TargetFacts, WorkFacts},
    rows::Rows,
};
use crate::{
    entity::{
        campaign::{self, Status},
        campaign_audience, campaign_version, criterion, milestone, phase,
        target::{self, TargetKind},
        work::{self, WorkStatus},
    },
    kit::values::{CampaignId, ClusterId, PhaseId, clock::day_in_vietnam, text::fold},
};

/// The campaign that the credentials name.
pub const SHOWN: &str = "cds-dang";
/// Its target that adds up; the first percentage is a share of it.
pub const SHOWN_TARGET: i32 = 4;
const SHOWN_TARGET_NAME: &str = "Văn bản được ký số trên thiết bị di động";
const SHOWN_TARGET_GOAL: i64 = 120_000;
const PERCENT: &str = "%";
const PER_UNIT: i64 = 1_000;

/// What each campaign is about, in a sentence.
const SUMMARIES: [(&str, &str); 9] = [
    ("cao-diem", "Ba đợt thi đua nối tiếp, hướng tới đại hội Đảng các cấp và hoàn thành kế hoạch 5 năm 2020 - 2025."),
    (
        "dai-hoi-ubnd",
        "Mỗi tổ chức đảng trực thuộc đăng ký ít nhất một công trình, mô hình hoặc phần việc chào mừng đại hội.",
    ),
    (
        "trong-cay",
        "Mỗi đơn vị, mỗi người trồng và chăm sóc thêm cây xanh ở công sở, trường học, tuyến đường và vườn nhà.",
    ),
    ("nha-tam", "Góp tiền, góp công để các hộ khó khăn có nhà ở vững chắc."),
    ("ntm-tttt", "Bưu chính, viễn thông, truyền thanh và công nghệ thông tin cùng xây dựng nông thôn mới."),
    ("cntt", "Đưa công nghệ thông tin vào xử lý công việc hằng ngày của cơ quan, đơn vị và địa phương."),
    ("cong-so", "Nền nếp, thân thiện, đúng giờ, sạch đẹp: văn hóa công sở trong từng việc nhỏ."),
    ("giao-uoc-2024", "Bốn đơn vị của cụm cùng ký giao ước và cùng chấm điểm cho nhau vào cuối năm."),
    ("cds-dang", "Văn bản, số liệu và hệ thống thông tin của các cơ quan Đảng chuyển lên môi trường số."),
];

/// Adds campaigns and works, as they stand at `now`.
pub fn add(rows: &mut Rows, material: &Material, now: DateTime<Utc>) {
    for facts in &material.facts.campaigns {
        add_campaign(rows, facts, day_in_vietnam(now));
        add_audience(rows, facts);
        add_parts(rows, facts);
    }
    for (facts, ordinal) in material.facts.works.iter().zip(0..) {
        add_work(rows, material, facts, ordinal);
    }
}

/// Where a campaign stands on `today`.
pub fn status(facts: &CampaignFacts, today: NaiveDate) -> Status {
    match today {
        today if today < facts.starts_on => Status::Draft,
        today if today <= facts.ends_on => Status::Launched,
        _ => Status::Closed,
    }
}

fn add_campaign(rows: &mut Rows, facts: &CampaignFacts, today: NaiveDate) {
    let status = status(facts, today);
    let launched_at = moment(facts.launched_on(), 8, 0);
    let created_at = launched_at - TimeDelta::days(7);
    let summary = SUMMARIES.iter().find(|(key, _)| *key == facts.key).map(|(_, summary)| (*summary).to_owned());
    let body = (!facts.contents.is_empty()).then(|| format!("- {}", facts.contents.join("\n- ")));
    rows.campaigns.push(campaign::Model {
        id: ids::campaign(&facts.key),
        kind: facts.kind,
        title: facts.title.clone(),
        folded_title: fold(&facts.title),
        slogan: facts.slogan.clone(),
        summary: summary.clone(),
        body: body.clone(),
        status,
        starts_on: facts.starts_on,
        ends_on: facts.ends_on,
        launched_by_unit_id: ids::unit(&facts.launched_by).into(),
        launched_at: (status != Status::Draft).then_some(launched_at),
        closed_at: (status == Status::Closed).then(|| moment(facts.ends_on + TimeDelta::days(1), 8, 0)),
        created_by: Some(super::ADMIN.id().into()),
        created_at,
        version: 1,
    });
    let content = json!({
        "kind": facts.kind, "title": facts.title, "slogan": facts.slogan, "summary": summary, "body": body,
        "starts_on": facts.starts_on, "ends_on": facts.ends_on,
    });
    if status != Status::Draft {
        rows.campaign_versions.push(campaign_version::Model {
            campaign_id: ids::campaign(&facts.key),
            number: 1,
            content,
            created_by: Some(super::ADMIN.id().into()),
            created_at: launched_at,
        });
    }
}

/// Without a row a campaign is for everybody.
fn add_audience(rows: &mut Rows, facts: &CampaignFacts) {
    let campaign_id = ids::campaign(&facts.key);
    let row = |name: &str, unit_kind: Option<&String>, cluster_id: Option<ClusterId>| campaign_audience::Model {
        id: ids::part(&format!("campaign_audience/{}/{name}", facts.key)),
        campaign_id,
        unit_kind: unit_kind.cloned(),
        unit_id: None,
        cluster_id,
    };
    rows.campaign_audiences.extend(facts.audience_kinds.iter().map(|kind| row(kind, Some(kind), None)));
    let cluster = facts.cluster.as_ref().map(|key| row(key, None, Some(ids::cluster(key).into())));
    rows.campaign_audiences.extend(cluster);
}

fn add_parts(rows: &mut Rows, facts: &CampaignFacts) {
    let campaign_id = ids::campaign(&facts.key);
    rows.phases.extend(facts.phases.iter().zip(1..).map(|(phase, ordinal)| phase::Model {
        id: phase_id(&facts.key, ordinal),
        campaign_id,
        ordinal,
        name: phase.name.clone(),
        starts_on: phase.starts_on,
        ends_on: phase.ends_on,
        focus: phase.focus.clone(),
    }));
    rows.targets.extend(facts.targets.iter().zip(1..).map(|(target, ordinal)| new_target(facts, target, ordinal)));
    if facts.key == SHOWN {
        rows.targets.push(shown_target(campaign_id));
    }
    rows.criteria.extend(facts.criteria.iter().zip(1..).map(|(text, ordinal)| criterion::Model {
        id: ids::part(&format!("criterion/{}/{ordinal}", facts.key)),
        campaign_id,
        ordinal,
        text: text.clone(),
    }));
    rows.milestones.extend(facts.milestones.iter().zip(1..).filter_map(|(milestone, ordinal)| {
        let id = ids::part(&format!("milestone/{}/{ordinal}", facts.key));
        new_milestone(milestone, id, campaign_id, ordinal)
    }));
}

fn new_target(facts: &CampaignFacts, target: &TargetFacts, ordinal: i32) -> target::Model {
    let is_percentage = target.unit_of_measure == PERCENT;
    let is_share = facts.key == SHOWN && ordinal == 1;
    target::Model {
        id: ids::target(&facts.key, ordinal),
        campaign_id: ids::campaign(&facts.key),
        ordinal,
        name: target.name.clone(),
        unit_of_measure: target.unit_of_measure.clone(),
        kind: if is_percentage { TargetKind::Percentage } else { TargetKind::Quantity },
        goal: target.goal.map(|goal| goal.saturating_mul(PER_UNIT)),
        numerator_target_id: is_share.then(|| ids::target(SHOWN, SHOWN_TARGET)),
        denominator: is_share.then_some(SHOWN_TARGET_GOAL * PER_UNIT),
        usual_quantity: None,
        usual_found_at: None,
    }
}

fn shown_target(campaign_id: CampaignId) -> target::Model {
    target::Model {
        id: ids::target(SHOWN, SHOWN_TARGET),
        campaign_id,
        ordinal: SHOWN_TARGET,
        name: SHOWN_TARGET_NAME.to_owned(),
        unit_of_measure: "văn bản".to_owned(),
        kind: TargetKind::Quantity,
        goal: Some(SHOWN_TARGET_GOAL * PER_UNIT),
        numerator_target_id: None,
        denominator: None,
        usual_quantity: None,
        usual_found_at: None,
    }
}

fn new_milestone(facts: &MilestoneFacts, id: Uuid, campaign_id: CampaignId, ordinal: i32) -> Option<milestone::Model> {
    let (month, day) = facts.on.as_ref().or(facts.on_lunar.as_ref())?.split_once('-')?;
    Some(milestone::Model {
        id,
        campaign_id,
        ordinal,
        name: facts.name.clone(),
        month: month.parse().ok()?,
        day: day.parse().ok()?,
        is_lunar: facts.on_lunar.is_some(),
    })
}

/// The phase of a campaign that a day is in.
pub fn phase_on(facts: &CampaignFacts, day: NaiveDate) -> Option<PhaseId> {
    let mut phases = facts.phases.iter().zip(1..);
    let (_, ordinal) = phases.find(|(phase, _)| (phase.starts_on..=phase.ends_on).contains(&day))?;
    Some(phase_id(&facts.key, ordinal))
}

fn phase_id(campaign: &str, ordinal: i32) -> PhaseId {
    ids::part(&format!("phase/{campaign}/{ordinal}")).into()
}

fn add_work(rows: &mut Rows, material: &Material, facts: &WorkFacts, ordinal: i64) {
    let campaign = material.facts.campaigns.iter().find(|campaign| campaign.key == facts.campaign);
    let Some(campaign) = campaign else { return };
    let is_done = facts.goal.is_none() || facts.achieved == facts.goal;
    rows.works.push(work::Model {
        id: ids::part(&format!("work/{}/{}/{}", facts.campaign, facts.unit, facts.title)).into(),
        campaign_id: ids::campaign(&facts.campaign),
        unit_id: ids::unit(&facts.unit).into(),
        kind: facts.kind,
        title: facts.title.clone(),
        summary: facts.note.clone(),
        place: facts.place.clone(),
        unit_of_measure: facts.unit_of_measure.clone(),
        goal: facts.goal,
        achieved: facts.achieved,
        status: if is_done { WorkStatus::Completed } else { WorkStatus::InProgress },
        created_at: moment(campaign.starts_on + TimeDelta::days(ordinal), 9, 0),
        version: 1,
    });
}
