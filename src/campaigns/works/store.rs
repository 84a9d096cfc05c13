//! All SQL about works.

use chrono::NaiveDate;
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

use super::{Work, WorkKind, WorkStatus, wire::WorkFilter};
use crate::{
    db::Tx,
    entity::work::{ActiveModel, Column, Entity, Model},
    kit::{
        http::page::Page,
        values::{
            ids::{CampaignId, UnitId, WorkId},
            quantity::Quantity,
        },
    },
    organisation::units::with_resting,
};

/// The work of that id.
pub async fn find(db: &impl ConnectionTrait, id: WorkId) -> Result<Option<Work>, DbErr> {
    Ok(Entity::find_by_id(id.0).one(db).await?.map(from_row))
}

/// The same, held against other changes until this one is done.
pub async fn find_for_change(tx: &Tx, id: WorkId) -> Result<Option<Work>, DbErr> {
    Ok(Entity::find_by_id(id.0).lock_exclusive().one(tx).await?.map(from_row))
}

/// A page of a campaign's works, oldest first.
pub async fn page(
    db: &impl ConnectionTrait,
    campaign: CampaignId,
    filter: &WorkFilter,
    day: NaiveDate,
    page: &Page<WorkId>,
) -> Result<Vec<Work>, DbErr> {
    let mut query =
        Entity::find().filter(Column::CampaignId.eq(campaign.0)).order_by_asc(Column::Id).limit(page.fetch());
    if let Some(unit) = filter.unit_id {
        query = query.filter(Column::UnitId.is_in(with_resting(db, &[unit], day).await?));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(Column::Kind.eq(kind.name()));
    }
    if let Some(status) = filter.status {
        query = query.filter(Column::Status.eq(status.name()));
    }
    if let Some(after) = page.after {
        query = query.filter(Column::Id.gt(after.0));
    }
    Ok(query.all(db).await?.into_iter().map(from_row).collect())
}

/// Adds a work.
pub async fn insert(tx: &Tx, work: &Work) -> Result<(), DbErr> {
    let mut row = row_of(work);
    row.id = Set(work.id.0);
    row.campaign_id = Set(work.campaign_id.0);
    row.unit_id = Set(work.unit_id.0);
    row.created_at = Set(tx.now());
    Entity::insert(row).exec_without_returning(tx).await.map(|_rows| ())
}

/// Keeps a changed work, as the next version of its row.
pub async fn save(tx: &Tx, work: &mut Work) -> Result<(), DbErr> {
    work.version = work.version.saturating_add(1);
    let mut row = row_of(work);
    row.id = Unchanged(work.id.0);
    Entity::update(row).exec(tx).await.map(|_row| ())
}

fn row_of(work: &Work) -> ActiveModel {
    ActiveModel {
        kind: Set(work.kind.name().to_owned()),
        title: Set(work.title.clone()),
        summary: Set(work.summary.clone()),
        place: Set(work.place.clone()),
        unit_of_measure: Set(work.unit_of_measure.clone()),
        goal: Set(work.goal.map(Quantity::thousandths)),
        achieved: Set(work.achieved.map(Quantity::thousandths)),
        status: Set(work.status.name().to_owned()),
        version: Set(work.version),
        ..Default::default()
    }
}

fn from_row(row: Model) -> Work {
    Work {
        id: WorkId(row.id),
        campaign_id: CampaignId(row.campaign_id),
        unit_id: UnitId(row.unit_id),
        kind: WorkKind::named(&row.kind),
        title: row.title,
        summary: row.summary,
        place: row.place,
        unit_of_measure: row.unit_of_measure,
        goal: row.goal.map(Quantity::from_thousandths),
        achieved: row.achieved.map(Quantity::from_thousandths),
        status: WorkStatus::named(&row.status),
        version: row.version,
    }
}
