//! All SQL about campaigns.

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QuerySelect as _,
    QueryTrait as _,
};

use crate::{
    entity::{campaign, campaign_audience},
    kit::ids::{CampaignId, UnitId},
    organisation::{clusters, units},
};

/// The launched and closed campaigns that any of these units is in the audience of on `day`.
pub async fn open_to(db: &impl ConnectionTrait, units: &[UnitId], day: NaiveDate) -> Result<Vec<CampaignId>, DbErr> {
    let kinds = units::kinds_of(db, units).await?;
    let clusters = clusters::clusters_of(db, units, day).await?;
    let audience = || campaign_audience::Entity::find().select_only().column(campaign_audience::Column::CampaignId);
    let named = audience().filter(
        Condition::any()
            .add(campaign_audience::Column::UnitKind.is_in(kinds.iter().map(|kind| kind.name())))
            .add(campaign_audience::Column::UnitId.in_subquery(units::above(units, day)))
            .add(campaign_audience::Column::ClusterId.is_in(clusters.iter().map(|cluster| cluster.0))),
    );
    let rows = campaign::Entity::find()
        .filter(campaign::Column::Status.is_in(["launched", "closed"]))
        .filter(
            Condition::any()
                .add(campaign::Column::Id.not_in_subquery(audience().into_query()))
                .add(campaign::Column::Id.in_subquery(named.into_query())),
        )
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| CampaignId(row.id)).collect())
}

/// The titles of these campaigns.
pub async fn titles(db: &impl ConnectionTrait, ids: &[CampaignId]) -> Result<HashMap<CampaignId, String>, DbErr> {
    let rows = campaign::Entity::find().filter(campaign::Column::Id.is_in(ids.iter().map(|id| id.0))).all(db).await?;
    Ok(rows.into_iter().map(|row| (CampaignId(row.id), row.title)).collect())
}
