//! All SQL about works.

use chrono::NaiveDate;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

use super::{Work, wire::WorkFilter};
use crate::{
    db::Tx,
    entity::work::{Column, Entity},
    kit::{
        http::Page,
        values::{CampaignId, WorkId},
    },
    organisation::units::with_resting,
};

/// The work of that id.
pub async fn find(db: &impl ConnectionTrait, id: WorkId) -> Result<Option<Work>, DbErr> {
    Entity::find_by_id(id).one(db).await
}

/// The same, held against other changes until this one is done.
pub async fn find_for_change(tx: &Tx, id: WorkId) -> Result<Option<Work>, DbErr> {
    Entity::find_by_id(id).lock_exclusive().one(tx).await
}

/// A page of a campaign's works, oldest first.
pub async fn page(
    db: &impl ConnectionTrait,
    campaign: CampaignId,
    filter: &WorkFilter,
    day: NaiveDate,
    page: &Page<WorkId>,
) -> Result<Vec<Work>, DbErr> {
    let mut query = Entity::find().filter(Column::CampaignId.eq(campaign)).order_by_asc(Column::Id).limit(page.fetch());
    if let Some(unit) = filter.unit_id {
        query = query.filter(Column::UnitId.is_in(with_resting(db, &[unit], day).await?));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(Column::Kind.eq(kind));
    }
    if let Some(status) = filter.status {
        query = query.filter(Column::Status.eq(status));
    }
    if let Some(after) = page.after {
        query = query.filter(Column::Id.gt(after));
    }
    query.all(db).await
}

/// Adds a work.
pub async fn insert(tx: &Tx, work: Work) -> Result<(), DbErr> {
    Entity::insert(work.into_active_model().reset_all()).exec_without_returning(tx).await.map(|_rows| ())
}

/// Keeps a changed work, as the next version of its row.
pub async fn save(tx: &Tx, work: &mut Work) -> Result<(), DbErr> {
    work.version = work.version.saturating_add(1);
    Entity::update(work.clone().into_active_model().reset_all()).exec(tx).await.map(|_row| ())
}
