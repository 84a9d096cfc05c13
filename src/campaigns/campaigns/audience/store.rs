//! All SQL about the audience of campaigns.

use chrono::NaiveDate;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QuerySelect as _,
    QueryTrait as _, sea_query::SelectStatement,
};

use crate::{
    campaigns::campaigns::Status,
    entity::{campaign, campaign_audience as audience, cluster_unit, membership, unit_version},
    kit::values::{CampaignId, UnitId},
    organisation::units::{above, below, carriers_on, resting_under, within},
};

/// The campaigns, running or over, that are for any of these units.
pub async fn open_to(db: &impl ConnectionTrait, units: &[UnitId], day: NaiveDate) -> Result<Vec<CampaignId>, DbErr> {
    campaign::Entity::find()
        .select_only()
        .column(campaign::Column::Id)
        .filter(campaign::Column::Status.is_in([Status::Launched, Status::Closed]))
        .filter(is_for(units, day))
        .into_tuple()
        .all(db)
        .await
}

/// Is this campaign for any of these units?
pub async fn is_open_to(
    db: &impl ConnectionTrait,
    id: CampaignId,
    units: &[UnitId],
    day: NaiveDate,
) -> Result<bool, DbErr> {
    let row = campaign::Entity::find_by_id(id).filter(is_for(units, day)).one(db).await?;
    Ok(row.is_some() && !units.is_empty())
}

fn is_for(units: &[UnitId], day: NaiveDate) -> Condition {
    let limited = audience::Entity::find().select_only().column(audience::Column::CampaignId).into_query();
    Condition::any()
        .add(campaign::Column::Id.not_in_subquery(limited))
        .add(campaign::Column::Id.in_subquery(fitting(units, day)))
}

/// The campaigns with a row that fits one of these units.
fn fitting(units: &[UnitId], day: NaiveDate) -> SelectStatement {
    let kinds = unit_version::Entity::find()
        .select_only()
        .column(unit_version::Column::Kind)
        .filter(unit_version::Column::UnitId.is_in(units.iter().copied()))
        .filter(within(unit_version::Column::ValidFrom, unit_version::Column::ValidTo, day))
        .into_query();
    let clusters = cluster_unit::Entity::find()
        .select_only()
        .column(cluster_unit::Column::ClusterId)
        .filter(cluster_unit::Column::UnitId.in_subquery(above(units, day)))
        .filter(within(cluster_unit::Column::ValidFrom, cluster_unit::Column::ValidTo, day))
        .into_query();
    audience::Entity::find()
        .select_only()
        .column(audience::Column::CampaignId)
        .filter(
            Condition::any()
                .add(audience::Column::UnitKind.in_subquery(kinds))
                .add(audience::Column::UnitId.in_subquery(above(units, day)))
                .add(audience::Column::UnitId.in_subquery(resting_under(units, day)))
                .add(audience::Column::ClusterId.in_subquery(clusters)),
        )
        .into_query()
}

/// The ids of the members for whom a campaign is on `day`, as a subquery.
pub async fn audience_members(
    db: &impl ConnectionTrait,
    id: CampaignId,
    day: NaiveDate,
) -> Result<SelectStatement, DbErr> {
    let rows = audience::Entity::find().filter(audience::Column::CampaignId.eq(id)).all(db).await?;
    let members = membership::Entity::find()
        .select_only()
        .column(membership::Column::MemberId)
        .distinct()
        .filter(within(membership::Column::ValidFrom, membership::Column::ValidTo, day));
    if rows.is_empty() {
        return Ok(members.into_query());
    }
    let kinds = rows.iter().filter_map(|row| row.unit_kind.clone());
    let of_kinds = unit_version::Entity::find()
        .select_only()
        .column(unit_version::Column::UnitId)
        .filter(unit_version::Column::Kind.is_in(kinds))
        .filter(within(unit_version::Column::ValidFrom, unit_version::Column::ValidTo, day))
        .into_query();
    let clusters = rows.iter().filter_map(|row| row.cluster_id);
    let of_clusters: Vec<UnitId> = cluster_unit::Entity::find()
        .select_only()
        .column(cluster_unit::Column::UnitId)
        .filter(cluster_unit::Column::ClusterId.is_in(clusters))
        .filter(within(cluster_unit::Column::ValidFrom, cluster_unit::Column::ValidTo, day))
        .into_tuple()
        .all(db)
        .await?;
    let roots: Vec<UnitId> = rows.iter().filter_map(|row| row.unit_id).chain(of_clusters).collect();
    let carriers = carriers_on(db, &roots, day).await?;
    let roots: Vec<UnitId> = roots.iter().map(|root| carriers.get(root).copied().unwrap_or(*root)).collect();
    let fitting = Condition::any()
        .add(membership::Column::UnitId.in_subquery(of_kinds))
        .add(membership::Column::UnitId.in_subquery(below(&roots, day)));
    Ok(members.filter(fitting).into_query())
}
