//! All SQL about campaigns and their parts.

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, Select,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use super::{Audience, Campaign, Kind, Milestone, Phase, Status, Target, TargetKind, wire::CampaignFilter};
use crate::{
    db::Tx,
    entity::{campaign, campaign_audience, campaign_version, criterion, milestone, phase, target},
    kit::{
        caller::{Caller, Person},
        ids::{CampaignId, ClusterId, MemberId, PhaseId, TargetId, UnitId},
        page::Page,
        problem::Problem,
        quantity::Quantity,
        text::fold,
    },
    organisation::units::{UnitKind, below},
};

/// Where a list of campaigns goes on: the latest first day first.
pub type CampaignKey = (NaiveDate, CampaignId);

/// What a notification says of a campaign.
#[derive(Clone, Debug)]
pub struct CampaignNews {
    /// Its name.
    pub title: String,
    /// Its first day.
    pub starts_on: NaiveDate,
    /// Its last day.
    pub ends_on: NaiveDate,
}

/// The campaign of that id, whoever may see it.
pub async fn find(db: &impl ConnectionTrait, id: CampaignId) -> Result<Option<Campaign>, DbErr> {
    let rows = campaign::Entity::find_by_id(id.0).all(db).await?;
    Ok(with_parts(db, rows).await?.into_iter().next())
}

/// The campaign of that id, if the caller may know of it: drafts are for those who write them.
pub async fn find_visible(
    db: &impl ConnectionTrait,
    caller: &Caller,
    id: CampaignId,
    day: NaiveDate,
) -> Result<Campaign, Problem> {
    let rows = visible(caller, day).filter(campaign::Column::Id.eq(id.0)).all(db).await?;
    with_parts(db, rows).await?.into_iter().next().ok_or_else(Problem::not_found)
}

/// The same, held against other changes until this one is done.
pub async fn find_visible_for_change(tx: &Tx, caller: &Person, id: CampaignId) -> Result<Campaign, Problem> {
    let rows =
        visible_to_person(caller, tx.today()).filter(campaign::Column::Id.eq(id.0)).lock_exclusive().all(tx).await?;
    with_parts(tx, rows).await?.into_iter().next().ok_or_else(Problem::not_found)
}

/// A page of the campaigns that the caller may know of.
pub async fn page_visible(
    db: &impl ConnectionTrait,
    caller: &Caller,
    filter: &CampaignFilter,
    day: NaiveDate,
    page: &Page<CampaignKey>,
) -> Result<Vec<Campaign>, DbErr> {
    let mut query = visible(caller, day)
        .order_by_desc(campaign::Column::StartsOn)
        .order_by_desc(campaign::Column::Id)
        .limit(page.fetch());
    if let Some(status) = filter.status {
        query = query.filter(campaign::Column::Status.eq(status.name()));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(campaign::Column::Kind.eq(kind.name()));
    }
    if let Some(unit) = filter.unit_id {
        query = query.filter(campaign::Column::LaunchedByUnitId.eq(unit.0));
    }
    if let Some(words) = &filter.q {
        query = query.filter(campaign::Column::FoldedTitle.contains(fold(words)));
    }
    if let Some((starts_on, id)) = page.after {
        let key = Expr::tuple([Expr::col(campaign::Column::StartsOn), Expr::col(campaign::Column::Id)]);
        query = query.filter(key.lt(Expr::tuple([Expr::val(starts_on), Expr::val(id.0)])));
    }
    let rows = query.all(db).await?;
    with_parts(db, rows).await
}

fn visible(caller: &Caller, day: NaiveDate) -> Select<campaign::Entity> {
    match caller {
        Caller::Person(person) => visible_to_person(person, day),
        Caller::App(_) => campaign::Entity::find().filter(campaign::Column::Status.ne(Status::Draft.name())),
    }
}

fn visible_to_person(person: &Person, day: NaiveDate) -> Select<campaign::Entity> {
    if person.is_admin() {
        return campaign::Entity::find();
    }
    let mut units = person.managed_units();
    units.extend(person.edited_units());
    campaign::Entity::find().filter(
        Condition::any()
            .add(campaign::Column::Status.ne(Status::Draft.name()))
            .add(campaign::Column::LaunchedByUnitId.in_subquery(below(&units, day))),
    )
}

/// The titles of these campaigns; a draft's is nobody's to read yet.
pub async fn titles(db: &impl ConnectionTrait, ids: &[CampaignId]) -> Result<HashMap<CampaignId, String>, DbErr> {
    let rows = campaign::Entity::find()
        .filter(campaign::Column::Id.is_in(ids.iter().map(|id| id.0)))
        .filter(campaign::Column::Status.ne(Status::Draft.name()))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (CampaignId(row.id), row.title)).collect())
}

/// What a notification says of this campaign.
pub async fn news_of(db: &impl ConnectionTrait, id: CampaignId) -> Result<Option<CampaignNews>, DbErr> {
    let row = campaign::Entity::find_by_id(id.0).one(db).await?;
    Ok(row.map(|row| CampaignNews { title: row.title, starts_on: row.starts_on, ends_on: row.ends_on }))
}

/// A target with the campaign it belongs to.
pub async fn target(db: &impl ConnectionTrait, id: TargetId) -> Result<Option<(Target, CampaignId)>, DbErr> {
    let row = target::Entity::find_by_id(id.0).one(db).await?;
    Ok(row.map(|row| (CampaignId(row.campaign_id), row)).map(|(campaign, row)| (target_of(row), campaign)))
}

async fn with_parts(db: &impl ConnectionTrait, rows: Vec<campaign::Model>) -> Result<Vec<Campaign>, DbErr> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut phases = grouped(
        phase::Entity::find()
            .filter(phase::Column::CampaignId.is_in(ids.clone()))
            .order_by_asc(phase::Column::Ordinal)
            .all(db)
            .await?,
        |row| row.campaign_id,
    );
    let mut targets = grouped(
        target::Entity::find()
            .filter(target::Column::CampaignId.is_in(ids.clone()))
            .order_by_asc(target::Column::Ordinal)
            .all(db)
            .await?,
        |row| row.campaign_id,
    );
    let mut criteria = grouped(
        criterion::Entity::find()
            .filter(criterion::Column::CampaignId.is_in(ids.clone()))
            .order_by_asc(criterion::Column::Ordinal)
            .all(db)
            .await?,
        |row| row.campaign_id,
    );
    let mut milestones = grouped(
        milestone::Entity::find()
            .filter(milestone::Column::CampaignId.is_in(ids.clone()))
            .order_by_asc(milestone::Column::Ordinal)
            .all(db)
            .await?,
        |row| row.campaign_id,
    );
    let mut audiences = grouped(
        campaign_audience::Entity::find()
            .filter(campaign_audience::Column::CampaignId.is_in(ids))
            .order_by_asc(campaign_audience::Column::Id)
            .all(db)
            .await?,
        |row| row.campaign_id,
    );
    let campaigns = rows.into_iter().map(|row| {
        let mut part = Campaign {
            id: CampaignId(row.id),
            kind: Kind::named(&row.kind),
            title: row.title,
            slogan: row.slogan,
            summary: row.summary,
            body: row.body,
            status: Status::named(&row.status),
            starts_on: row.starts_on,
            ends_on: row.ends_on,
            launched_by_unit_id: UnitId(row.launched_by_unit_id),
            launched_at: row.launched_at,
            closed_at: row.closed_at,
            audience: Audience::default(),
            phases: phases.remove(&row.id).unwrap_or_default().into_iter().map(phase_of).collect(),
            targets: targets.remove(&row.id).unwrap_or_default().into_iter().map(target_of).collect(),
            criteria: criteria.remove(&row.id).unwrap_or_default().into_iter().map(|row| row.text).collect(),
            milestones: milestones.remove(&row.id).unwrap_or_default().into_iter().map(milestone_of).collect(),
            version: row.version,
        };
        for row in audiences.remove(&row.id).unwrap_or_default() {
            part.audience.unit_kinds.extend(row.unit_kind.as_deref().map(UnitKind::named));
            part.audience.unit_ids.extend(row.unit_id.map(UnitId));
            part.audience.cluster_ids.extend(row.cluster_id.map(ClusterId));
        }
        part
    });
    Ok(campaigns.collect())
}

fn grouped<T>(rows: Vec<T>, key: impl Fn(&T) -> Uuid) -> HashMap<Uuid, Vec<T>> {
    rows.into_iter().fold(HashMap::new(), |mut groups: HashMap<Uuid, Vec<T>>, row| {
        groups.entry(key(&row)).or_default().push(row);
        groups
    })
}

fn phase_of(row: phase::Model) -> Phase {
    Phase {
        id: PhaseId(row.id),
        ordinal: row.ordinal,
        name: row.name,
        starts_on: row.starts_on,
        ends_on: row.ends_on,
        focus: row.focus,
    }
}

fn target_of(row: target::Model) -> Target {
    Target {
        id: TargetId(row.id),
        name: row.name,
        unit_of_measure: row.unit_of_measure,
        kind: TargetKind::named(&row.kind),
        goal: row.goal.map(Quantity::from_thousandths),
        numerator_target_id: row.numerator_target_id.map(TargetId),
        denominator: row.denominator.map(Quantity::from_thousandths),
    }
}

fn milestone_of(row: milestone::Model) -> Milestone {
    Milestone { name: row.name, on: format!("{:02}-{:02}", row.month, row.day), is_lunar: row.is_lunar }
}

/// Adds a campaign with its parts.
pub async fn insert(tx: &Tx, campaign: &Campaign, created_by: MemberId) -> Result<(), DbErr> {
    let mut row = row_of(campaign);
    row.created_by = Set(Some(created_by.0));
    row.created_at = Set(tx.now());
    row.version = Set(campaign.version);
    campaign::Entity::insert(row).exec_without_returning(tx).await?;
    insert_parts(tx, campaign).await
}

/// Keeps a changed campaign and its parts, as the next version of its row.
pub async fn save(tx: &Tx, campaign: &mut Campaign) -> Result<(), DbErr> {
    campaign.version = campaign.version.saturating_add(1);
    let mut row = row_of(campaign);
    row.id = Unchanged(campaign.id.0);
    row.version = Set(campaign.version);
    campaign::Entity::update(row).exec(tx).await?;
    remove_parts(tx, campaign.id).await?;
    insert_parts(tx, campaign).await
}

/// Removes a draft.
pub async fn delete(tx: &Tx, id: CampaignId) -> Result<(), DbErr> {
    remove_parts(tx, id).await?;
    target::Entity::delete_many().filter(target::Column::CampaignId.eq(id.0)).exec(tx).await?;
    phase::Entity::delete_many().filter(phase::Column::CampaignId.eq(id.0)).exec(tx).await?;
    campaign::Entity::delete_by_id(id.0).exec(tx).await.map(|_rows| ())
}

/// Keeps what a launched campaign says now, under the next number.
pub async fn insert_version(tx: &Tx, id: CampaignId, content: serde_json::Value, by: MemberId) -> Result<(), DbErr> {
    let last = campaign_version::Entity::find()
        .filter(campaign_version::Column::CampaignId.eq(id.0))
        .order_by_desc(campaign_version::Column::Number)
        .one(tx)
        .await?;
    let row = campaign_version::ActiveModel {
        campaign_id: Set(id.0),
        number: Set(last.map_or(1, |last| last.number.saturating_add(1))),
        content: Set(content),
        created_by: Set(Some(by.0)),
        created_at: Set(tx.now()),
    };
    campaign_version::Entity::insert(row).exec_without_returning(tx).await.map(|_rows| ())
}

/// The number of the latest version of a launched campaign; 0 before its launch.
pub async fn version_number(db: &impl ConnectionTrait, id: CampaignId) -> Result<i32, DbErr> {
    let last = campaign_version::Entity::find()
        .filter(campaign_version::Column::CampaignId.eq(id.0))
        .order_by_desc(campaign_version::Column::Number)
        .one(db)
        .await?;
    Ok(last.map_or(0, |last| last.number))
}

fn row_of(campaign: &Campaign) -> campaign::ActiveModel {
    campaign::ActiveModel {
        id: Set(campaign.id.0),
        kind: Set(campaign.kind.name().to_owned()),
        title: Set(campaign.title.clone()),
        folded_title: Set(fold(&campaign.title)),
        slogan: Set(campaign.slogan.clone()),
        summary: Set(campaign.summary.clone()),
        body: Set(campaign.body.clone()),
        status: Set(campaign.status.name().to_owned()),
        starts_on: Set(campaign.starts_on),
        ends_on: Set(campaign.ends_on),
        launched_by_unit_id: Set(campaign.launched_by_unit_id.0),
        launched_at: Set(campaign.launched_at),
        closed_at: Set(campaign.closed_at),
        ..Default::default()
    }
}

/// Removes the parts that nothing refers to; phases and targets are brought up to date by id instead.
async fn remove_parts(tx: &Tx, id: CampaignId) -> Result<(), DbErr> {
    criterion::Entity::delete_many().filter(criterion::Column::CampaignId.eq(id.0)).exec(tx).await?;
    milestone::Entity::delete_many().filter(milestone::Column::CampaignId.eq(id.0)).exec(tx).await?;
    campaign_audience::Entity::delete_many().filter(campaign_audience::Column::CampaignId.eq(id.0)).exec(tx).await?;
    Ok(())
}

async fn insert_parts(tx: &Tx, campaign: &Campaign) -> Result<(), DbErr> {
    upsert_phases(tx, campaign).await?;
    upsert_targets(tx, campaign).await?;
    let criteria = campaign.criteria.iter().enumerate().map(|(place, text)| criterion::ActiveModel {
        id: Set(Uuid::now_v7()),
        campaign_id: Set(campaign.id.0),
        ordinal: Set(ordinal(place)),
        text: Set(text.clone()),
    });
    criterion::Entity::insert_many(criteria).exec_without_returning(tx).await?;
    let milestones = campaign.milestones.iter().enumerate().map(|(place, milestone)| {
        let (month, day) = milestone.on.split_once('-').unwrap_or(("1", "1"));
        milestone::ActiveModel {
            id: Set(Uuid::now_v7()),
            campaign_id: Set(campaign.id.0),
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
    let units = audience.unit_ids.iter().map(|unit| (None, Some(unit.0), None));
    let clusters = audience.cluster_ids.iter().map(|cluster| (None, None, Some(cluster.0)));
    let rows =
        kinds.chain(units).chain(clusters).map(|(unit_kind, unit_id, cluster_id)| campaign_audience::ActiveModel {
            id: Set(Uuid::now_v7()),
            campaign_id: Set(campaign.id.0),
            unit_kind: Set(unit_kind),
            unit_id: Set(unit_id),
            cluster_id: Set(cluster_id),
        });
    campaign_audience::Entity::insert_many(rows).exec_without_returning(tx).await.map(|_rows| ())
}

async fn upsert_phases(tx: &Tx, campaign: &Campaign) -> Result<(), DbErr> {
    let kept = campaign.phases.iter().map(|phase| phase.id.0);
    phase::Entity::delete_many()
        .filter(phase::Column::CampaignId.eq(campaign.id.0))
        .filter(phase::Column::Id.is_not_in(kept))
        .exec(tx)
        .await?;
    let rows = campaign.phases.iter().map(|phase| phase::ActiveModel {
        id: Set(phase.id.0),
        campaign_id: Set(campaign.id.0),
        ordinal: Set(phase.ordinal),
        name: Set(phase.name.clone()),
        starts_on: Set(phase.starts_on),
        ends_on: Set(phase.ends_on),
        focus: Set(phase.focus.clone()),
    });
    let update = OnConflict::column(phase::Column::Id)
        .update_columns([
            phase::Column::Ordinal,
            phase::Column::Name,
            phase::Column::StartsOn,
            phase::Column::EndsOn,
            phase::Column::Focus,
        ])
        .to_owned();
    phase::Entity::insert_many(rows).on_conflict(update).exec_without_returning(tx).await.map(|_rows| ())
}

async fn upsert_targets(tx: &Tx, campaign: &Campaign) -> Result<(), DbErr> {
    let kept = campaign.targets.iter().map(|target| target.id.0);
    target::Entity::delete_many()
        .filter(target::Column::CampaignId.eq(campaign.id.0))
        .filter(target::Column::Id.is_not_in(kept))
        .exec(tx)
        .await?;
    // Percentages last: they refer to quantities beside them.
    let (quantities, percentages): (Vec<_>, Vec<_>) = campaign
        .targets
        .iter()
        .enumerate()
        .map(|(place, target)| target_row(campaign.id, place, target))
        .partition(|row| row.numerator_target_id == Set(None));
    let update = OnConflict::column(target::Column::Id)
        .update_columns([
            target::Column::Ordinal,
            target::Column::Name,
            target::Column::UnitOfMeasure,
            target::Column::Kind,
            target::Column::Goal,
            target::Column::NumeratorTargetId,
            target::Column::Denominator,
        ])
        .to_owned();
    target::Entity::insert_many(quantities).on_conflict(update.clone()).exec_without_returning(tx).await?;
    target::Entity::insert_many(percentages).on_conflict(update).exec_without_returning(tx).await.map(|_rows| ())
}

fn target_row(campaign: CampaignId, place: usize, target: &Target) -> target::ActiveModel {
    target::ActiveModel {
        id: Set(target.id.0),
        campaign_id: Set(campaign.0),
        ordinal: Set(ordinal(place)),
        name: Set(target.name.clone()),
        unit_of_measure: Set(target.unit_of_measure.clone()),
        kind: Set(target.kind.name().to_owned()),
        goal: Set(target.goal.map(Quantity::thousandths)),
        numerator_target_id: Set(target.numerator_target_id.map(|id| id.0)),
        denominator: Set(target.denominator.map(Quantity::thousandths)),
    }
}

fn ordinal(place: usize) -> i32 {
    i32::try_from(place).unwrap_or(i32::MAX).saturating_add(1)
}
