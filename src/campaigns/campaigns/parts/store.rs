//! All SQL about the parts of campaigns: phases, targets, criteria, milestones, and for whom they are.

use std::collections::{HashMap, HashSet};

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait, ExprTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use super::super::{Audience, Campaign, Milestone, Phase, Target, Usual};
use crate::{
    db::Tx,
    entity::{campaign_audience, criterion, milestone, phase, target},
    kit::{
        problems::{Code, Problem},
        values::{CampaignId, PhaseId, Quantity, TargetId},
    },
    organisation::units::UnitKind,
};

/// The parts of one campaign, in order.
#[derive(Debug, Default)]
pub struct Parts {
    /// Its phases.
    pub phases: Vec<Phase>,
    /// Its targets.
    pub targets: Vec<Target>,
    /// Its criteria.
    pub criteria: Vec<String>,
    /// Its milestones.
    pub milestones: Vec<Milestone>,
    /// For whom it is.
    pub audience: Audience,
}

/// The parts of these campaigns.
pub async fn parts_of(db: &impl ConnectionTrait, ids: &[CampaignId]) -> Result<HashMap<CampaignId, Parts>, DbErr> {
    let ids = || ids.iter().copied();
    let mut parts: HashMap<CampaignId, Parts> = ids().map(|id| (id, Parts::default())).collect();
    let phases = phase::Entity::find().filter(phase::Column::CampaignId.is_in(ids()));
    for row in phases.order_by_asc(phase::Column::Ordinal).all(db).await? {
        parts.entry(row.campaign_id).or_default().phases.push(phase_of(row));
    }
    let targets = target::Entity::find().filter(target::Column::CampaignId.is_in(ids()));
    for row in targets.order_by_asc(target::Column::Ordinal).all(db).await? {
        parts.entry(row.campaign_id).or_default().targets.push(target_of(row));
    }
    let criteria = criterion::Entity::find().filter(criterion::Column::CampaignId.is_in(ids()));
    for row in criteria.order_by_asc(criterion::Column::Ordinal).all(db).await? {
        parts.entry(row.campaign_id).or_default().criteria.push(row.text);
    }
    let milestones = milestone::Entity::find().filter(milestone::Column::CampaignId.is_in(ids()));
    for row in milestones.order_by_asc(milestone::Column::Ordinal).all(db).await? {
        parts.entry(row.campaign_id).or_default().milestones.push(milestone_of(row));
    }
    let audiences = campaign_audience::Entity::find().filter(campaign_audience::Column::CampaignId.is_in(ids()));
    for row in audiences.order_by_asc(campaign_audience::Column::Id).all(db).await? {
        let audience = &mut parts.entry(row.campaign_id).or_default().audience;
        audience.unit_kinds.extend(row.unit_kind.as_deref().map(UnitKind::named));
        audience.unit_ids.extend(row.unit_id);
        audience.cluster_ids.extend(row.cluster_id);
    }
    Ok(parts)
}

/// A target with the campaign it belongs to.
pub async fn target(db: &impl ConnectionTrait, id: TargetId) -> Result<Option<(Target, CampaignId)>, DbErr> {
    let row = target::Entity::find_by_id(id).one(db).await?;
    Ok(row.map(|row| {
        let campaign = row.campaign_id;
        (target_of(row), campaign)
    }))
}

/// Which of these phases belong to another campaign.
pub async fn foreign_phases(
    db: &impl ConnectionTrait,
    campaign: CampaignId,
    ids: &[PhaseId],
) -> Result<HashSet<PhaseId>, DbErr> {
    let foreign: Vec<PhaseId> = phase::Entity::find()
        .select_only()
        .column(phase::Column::Id)
        .filter(phase::Column::Id.is_in(ids.iter().copied()))
        .filter(phase::Column::CampaignId.ne(campaign))
        .into_tuple()
        .all(db)
        .await?;
    Ok(foreign.into_iter().collect())
}

/// Which of these targets belong to another campaign.
pub async fn foreign_targets(
    db: &impl ConnectionTrait,
    campaign: CampaignId,
    ids: &[TargetId],
) -> Result<HashSet<TargetId>, DbErr> {
    let foreign: Vec<TargetId> = target::Entity::find()
        .select_only()
        .column(target::Column::Id)
        .filter(target::Column::Id.is_in(ids.iter().copied()))
        .filter(target::Column::CampaignId.ne(campaign))
        .into_tuple()
        .all(db)
        .await?;
    Ok(foreign.into_iter().collect())
}

fn phase_of(row: phase::Model) -> Phase {
    Phase {
        id: row.id,
        ordinal: row.ordinal,
        name: row.name,
        starts_on: row.starts_on,
        ends_on: row.ends_on,
        focus: row.focus,
    }
}

fn target_of(row: target::Model) -> Target {
    Target {
        id: row.id,
        name: row.name,
        unit_of_measure: row.unit_of_measure,
        kind: row.kind,
        goal: row.goal.map(Quantity::from_thousandths),
        numerator_target_id: row.numerator_target_id,
        denominator: row.denominator.map(Quantity::from_thousandths),
        usual: Usual { quantity: row.usual_quantity.map(Quantity::from_thousandths), found_at: row.usual_found_at },
    }
}

fn milestone_of(row: milestone::Model) -> Milestone {
    Milestone { name: row.name, on: format!("{:02}-{:02}", row.month, row.day), is_lunar: row.is_lunar }
}

/// Brings the parts of a campaign up to date.
pub async fn save_parts(tx: &Tx, campaign: &Campaign) -> Result<(), Problem> {
    save_phases(tx, campaign).await?;
    save_targets(tx, campaign).await?;
    delete_unreferenced(tx, campaign.id).await?;
    Ok(insert_unreferenced(tx, campaign).await?)
}

/// Removes the parts of a campaign that nobody has pledged to yet.
pub async fn delete_parts(tx: &Tx, id: CampaignId) -> Result<(), DbErr> {
    delete_unreferenced(tx, id).await?;
    target::Entity::delete_many().filter(target::Column::CampaignId.eq(id)).exec(tx).await?;
    phase::Entity::delete_many().filter(phase::Column::CampaignId.eq(id)).exec(tx).await.map(|_rows| ())
}

/// Phases and targets are brought up to date by id, because others refer to them; the rest is written anew.
async fn delete_unreferenced(tx: &Tx, id: CampaignId) -> Result<(), DbErr> {
    criterion::Entity::delete_many().filter(criterion::Column::CampaignId.eq(id)).exec(tx).await?;
    milestone::Entity::delete_many().filter(milestone::Column::CampaignId.eq(id)).exec(tx).await?;
    campaign_audience::Entity::delete_many().filter(campaign_audience::Column::CampaignId.eq(id)).exec(tx).await?;
    Ok(())
}

async fn insert_unreferenced(tx: &Tx, campaign: &Campaign) -> Result<(), DbErr> {
    let criteria = campaign.criteria.iter().enumerate().map(|(place, text)| criterion::ActiveModel {
        id: Set(Uuid::now_v7()),
        campaign_id: Set(campaign.id),
        ordinal: Set(ordinal(place)),
        text: Set(text.clone()),
    });
    criterion::Entity::insert_many(criteria).exec_without_returning(tx).await?;
    let milestones = campaign.milestones.iter().enumerate().map(|(place, milestone)| {
        let (month, day) = milestone.on.split_once('-').unwrap_or(("1", "1"));
        milestone::ActiveModel {
            id: Set(Uuid::now_v7()),
            campaign_id: Set(campaign.id),
            ordinal: Set(ordinal(place)),
            name: Set(milestone.name.clone()),
            month: Set(month.parse().unwrap_or(1)),
            day: Set(day.parse().unwrap_or(1)),
            is_lunar: Set(milestone.is_lunar),
        }
    });
    milestone::Entity::insert_many(milestones).exec_without_returning(tx).await?;
    let audience = &campaign.audience;
    let kinds = audience.unit_kinds.iter().map(|kind| (Some(kind.name().to_owned()), None, None));
    let units = audience.unit_ids.iter().map(|unit| (None, Some(*unit), None));
    let clusters = audience.cluster_ids.iter().map(|cluster| (None, None, Some(*cluster)));
    let rows =
        kinds.chain(units).chain(clusters).map(|(unit_kind, unit_id, cluster_id)| campaign_audience::ActiveModel {
            id: Set(Uuid::now_v7()),
            campaign_id: Set(campaign.id),
            unit_kind: Set(unit_kind),
            unit_id: Set(unit_id),
            cluster_id: Set(cluster_id),
        });
    campaign_audience::Entity::insert_many(rows).exec_without_returning(tx).await.map(|_rows| ())
}

async fn save_phases(tx: &Tx, campaign: &Campaign) -> Result<(), Problem> {
    use phase::{Column, Entity};
    // Out of the way: places are unique, and each row takes its new one while others still have their old ones.
    Entity::update_many()
        .col_expr(Column::Ordinal, Expr::col(Column::Ordinal).mul(-1))
        .filter(Column::CampaignId.eq(campaign.id))
        .exec(tx)
        .await?;
    let rows = campaign.phases.iter().map(|phase| phase::ActiveModel {
        id: Set(phase.id),
        campaign_id: Set(campaign.id),
        ordinal: Set(phase.ordinal),
        name: Set(phase.name.clone()),
        starts_on: Set(phase.starts_on),
        ends_on: Set(phase.ends_on),
        focus: Set(phase.focus.clone()),
    });
    let update = OnConflict::column(Column::Id)
        .update_columns([Column::Ordinal, Column::Name, Column::StartsOn, Column::EndsOn, Column::Focus])
        .action_and_where(Expr::col((Entity, Column::CampaignId)).eq(campaign.id))
        .to_owned();
    let saved = Entity::insert_many(rows).on_conflict(update).exec_without_returning(tx).await?;
    require_all(saved, campaign.phases.len())?;
    let kept = campaign.phases.iter().map(|phase| phase.id);
    let left_out = Column::CampaignId.eq(campaign.id).and(Column::Id.is_not_in(kept));
    Entity::delete_many().filter(left_out).exec(tx).await?;
    Ok(())
}

async fn save_targets(tx: &Tx, campaign: &Campaign) -> Result<(), Problem> {
    use target::{Column, Entity};
    // Out of the way, as with phases.
    Entity::update_many()
        .col_expr(Column::Ordinal, Expr::col(Column::Ordinal).mul(-1))
        .filter(Column::CampaignId.eq(campaign.id))
        .exec(tx)
        .await?;
    // Percentages last: they refer to quantities beside them.
    let (quantities, percentages): (Vec<_>, Vec<_>) = campaign
        .targets
        .iter()
        .enumerate()
        .map(|(place, target)| target_row(campaign.id, place, target))
        .partition(|row| row.numerator_target_id == Set(None));
    let update = OnConflict::column(Column::Id)
        .update_columns([
            Column::Ordinal,
            Column::Name,
            Column::UnitOfMeasure,
            Column::Kind,
            Column::Goal,
            Column::NumeratorTargetId,
            Column::Denominator,
        ])
        .action_and_where(Expr::col((Entity, Column::CampaignId)).eq(campaign.id))
        .to_owned();
    let quantities = Entity::insert_many(quantities).on_conflict(update.clone()).exec_without_returning(tx).await?;
    let percentages = Entity::insert_many(percentages).on_conflict(update).exec_without_returning(tx).await?;
    require_all(quantities.saturating_add(percentages), campaign.targets.len())?;
    let kept = campaign.targets.iter().map(|target| target.id);
    let left_out = Column::CampaignId.eq(campaign.id).and(Column::Id.is_not_in(kept));
    Entity::delete_many().filter(left_out).exec(tx).await?;
    Ok(())
}

/// A row that was neither added nor changed belongs to another campaign, which has taken the id a moment ago.
fn require_all(saved: u64, wanted: usize) -> Result<(), Problem> {
    if u64::try_from(wanted) == Ok(saved) { Ok(()) } else { Err(Problem::new(Code::AlreadyExists)) }
}

fn target_row(campaign: CampaignId, place: usize, target: &Target) -> target::ActiveModel {
    target::ActiveModel {
        id: Set(target.id),
        campaign_id: Set(campaign),
        ordinal: Set(ordinal(place)),
        name: Set(target.name.clone()),
        unit_of_measure: Set(target.unit_of_measure.clone()),
        kind: Set(target.kind),
        goal: Set(target.goal.map(Quantity::thousandths)),
        numerator_target_id: Set(target.numerator_target_id),
        denominator: Set(target.denominator.map(Quantity::thousandths)),
        ..Default::default()
    }
}

fn ordinal(place: usize) -> i32 {
    i32::try_from(place).unwrap_or(i32::MAX).saturating_add(1)
}
