//! All SQL about the places, headships and flags of a unit that ends.

use chrono::NaiveDate;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, Condition, DbErr, EntityTrait as _, ExprTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _, sea_query::Expr,
};
use uuid::Uuid;

use crate::{
    db::Tx,
    entity::{cluster, cluster_head, cluster_unit, flag_holding},
    kit::values::{ClusterId, UnitId},
};

/// Lets the places, headships and flags of `unit` go on with `into` from `on`, unless that one is in the cluster already.
pub async fn carry_cluster_places(tx: &Tx, unit: UnitId, into: UnitId, on: NaiveDate) -> Result<usize, DbErr> {
    change_clusters(tx, unit, on).await?;
    let places = cluster_unit::Entity::find()
        .filter(cluster_unit::Column::UnitId.eq(unit.0))
        .filter(cluster_unit::Column::ValidTo.gt(on))
        .all(tx)
        .await?;
    let heads = cluster_head::Entity::find()
        .filter(cluster_head::Column::UnitId.eq(unit.0))
        .filter(cluster_head::Column::ValidTo.gt(on))
        .all(tx)
        .await?;
    let flags = flag_holding::Entity::find()
        .filter(flag_holding::Column::UnitId.eq(unit.0))
        .filter(flag_holding::Column::ValidTo.gt(on))
        .all(tx)
        .await?;
    end_stays(tx, unit, on).await?;
    let count = places.len();
    for place in places {
        let is_there = cluster_unit::Entity::find()
            .filter(cluster_unit::Column::ClusterId.eq(place.cluster_id))
            .filter(cluster_unit::Column::UnitId.eq(into.0))
            .filter(cluster_unit::Column::ValidTo.gt(on))
            .one(tx)
            .await?;
        if is_there.is_none() {
            let from = Ord::max(place.valid_from, on);
            let row = cluster_unit::Model { unit_id: into, valid_from: from, ..place };
            let row = row.into_active_model().reset_all();
            cluster_unit::Entity::insert(row).exec_without_returning(tx).await?;
        }
    }
    let heads = heads.into_iter().map(|row| {
        let from = Ord::max(row.valid_from, on);
        let row = cluster_head::Model { id: Uuid::now_v7(), unit_id: into, valid_from: from, ..row };
        row.into_active_model().reset_all()
    });
    cluster_head::Entity::insert_many(heads).exec_without_returning(tx).await?;
    let flags = flags.into_iter().map(|row| {
        let from = Ord::max(row.valid_from, on);
        let row = flag_holding::Model { id: Uuid::now_v7(), unit_id: into, valid_from: from, ..row };
        row.into_active_model().reset_all()
    });
    flag_holding::Entity::insert_many(flags).exec_without_returning(tx).await?;
    Ok(count)
}

/// Ends the places, headships and flags of `unit` on `on`; those that were to begin later never do.
pub async fn end_cluster_places(tx: &Tx, unit: UnitId, on: NaiveDate) -> Result<(), DbErr> {
    change_clusters(tx, unit, on).await?;
    end_stays(tx, unit, on).await
}

/// Holds the clusters in which this unit has a place, a headship or a flag on `on` or later, and gives each its next version:
/// whoever saw one before has not seen what becomes of it.
async fn change_clusters(tx: &Tx, unit: UnitId, on: NaiveDate) -> Result<(), DbErr> {
    macro_rules! of {
        ($entity:ident) => {
            $entity::Entity::find()
                .select_only()
                .column($entity::Column::ClusterId)
                .filter($entity::Column::UnitId.eq(unit.0))
                .filter($entity::Column::ValidTo.gt(on))
                .into_query()
        };
    }
    let concerned = Condition::any()
        .add(cluster::Column::Id.in_subquery(of!(cluster_unit)))
        .add(cluster::Column::Id.in_subquery(of!(cluster_head)))
        .add(cluster::Column::Id.in_subquery(of!(flag_holding)));
    let held = cluster::Entity::find().filter(concerned).order_by_asc(cluster::Column::Id).lock_exclusive();
    let ids: Vec<ClusterId> = held.all(tx).await?.into_iter().map(|row| row.id).collect();
    cluster::Entity::update_many()
        .col_expr(cluster::Column::Version, Expr::col(cluster::Column::Version).add(1))
        .filter(cluster::Column::Id.is_in(ids))
        .exec(tx)
        .await
        .map(|_rows| ())
}

async fn end_stays(tx: &Tx, unit: UnitId, on: NaiveDate) -> Result<(), DbErr> {
    macro_rules! end {
        ($($entity:ident),+) => {$(
            let of_unit = || $entity::Entity::delete_many().filter($entity::Column::UnitId.eq(unit.0));
            of_unit().filter($entity::Column::ValidFrom.gte(on)).exec(tx).await?;
            $entity::Entity::update_many()
                .col_expr($entity::Column::ValidTo, Expr::val(on))
                .filter($entity::Column::UnitId.eq(unit.0))
                .filter($entity::Column::ValidTo.gt(on))
                .exec(tx)
                .await?;
        )+};
    }
    end!(cluster_unit, cluster_head, flag_holding);
    Ok(())
}
