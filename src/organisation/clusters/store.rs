//! All SQL about clusters.

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _,
    sea_query::Expr,
};
use uuid::Uuid;

use super::{Cluster, Stay, wire::ClusterFilter};
use crate::{
    db::Tx,
    entity::{cluster, cluster_head, cluster_unit, flag_holding},
    kit::{
        http::Page,
        values::{ClusterId, UnitId},
    },
    organisation::units::within,
};

/// Where a list of clusters goes on: the latest year first.
pub type ClusterKey = (i32, ClusterId);

/// The cluster of that id.
pub async fn find(db: &impl ConnectionTrait, id: ClusterId) -> Result<Option<Cluster>, DbErr> {
    let rows = cluster::Entity::find_by_id(id).all(db).await?;
    Ok(with_parts(db, rows).await?.into_iter().next())
}

/// The same, held against other changes until this one is done.
pub async fn find_for_change(tx: &Tx, id: ClusterId) -> Result<Option<Cluster>, DbErr> {
    let rows = cluster::Entity::find_by_id(id).lock_exclusive().all(tx).await?;
    Ok(with_parts(tx, rows).await?.into_iter().next())
}

/// A page of the clusters, the latest year first.
pub async fn page(
    db: &impl ConnectionTrait,
    filter: &ClusterFilter,
    page: &Page<ClusterKey>,
) -> Result<Vec<Cluster>, DbErr> {
    let mut query = cluster::Entity::find()
        .order_by_desc(cluster::Column::Year)
        .order_by_desc(cluster::Column::Id)
        .limit(page.fetch());
    if let Some(year) = filter.year {
        query = query.filter(cluster::Column::Year.eq(year));
    }
    if let Some(unit) = filter.unit_id {
        let of_unit = cluster_unit::Entity::find()
            .select_only()
            .column(cluster_unit::Column::ClusterId)
            .filter(cluster_unit::Column::UnitId.eq(unit.0))
            .into_query();
        query = query.filter(cluster::Column::Id.in_subquery(of_unit));
    }
    if let Some((year, id)) = page.after {
        let key = Expr::tuple([Expr::col(cluster::Column::Year), Expr::col(cluster::Column::Id)]);
        query = query.filter(key.lt(Expr::tuple([Expr::val(year), Expr::val(id.0)])));
    }
    let rows = query.all(db).await?;
    with_parts(db, rows).await
}

async fn with_parts(db: &impl ConnectionTrait, rows: Vec<cluster::Model>) -> Result<Vec<Cluster>, DbErr> {
    let ids: Vec<ClusterId> = rows.iter().map(|row| row.id).collect();
    macro_rules! stays {
        ($entity:ident) => {{
            let found = $entity::Entity::find()
                .filter($entity::Column::ClusterId.is_in(ids.clone()))
                .order_by_asc($entity::Column::ValidFrom)
                .order_by_asc($entity::Column::UnitId)
                .all(db)
                .await?;
            let mut stays: HashMap<ClusterId, Vec<Stay>> = HashMap::new();
            for row in found {
                let stay = Stay { unit_id: row.unit_id, from: row.valid_from, to: row.valid_to };
                stays.entry(row.cluster_id).or_default().push(stay);
            }
            stays
        }};
    }
    let (mut units, mut heads, mut flags) = (stays!(cluster_unit), stays!(cluster_head), stays!(flag_holding));
    let clusters = rows.into_iter().map(|row| Cluster {
        id: row.id,
        units: units.remove(&row.id).unwrap_or_default(),
        heads: heads.remove(&row.id).unwrap_or_default(),
        flags: flags.remove(&row.id).unwrap_or_default(),
        name: row.name,
        year: row.year,
        motto: row.motto,
        signed_on: row.signed_on,
        version: row.version,
    });
    Ok(clusters.collect())
}

/// Adds a cluster.
pub async fn insert(tx: &Tx, cluster: &Cluster) -> Result<(), DbErr> {
    let row = cluster::ActiveModel {
        id: Set(cluster.id),
        name: Set(cluster.name.clone()),
        year: Set(cluster.year),
        motto: Set(cluster.motto.clone()),
        signed_on: Set(cluster.signed_on),
        created_at: Set(tx.now()),
        version: Set(cluster.version),
    };
    cluster::Entity::insert(row).exec_without_returning(tx).await?;
    insert_stays(tx, cluster).await
}

/// Keeps a changed cluster, as the next version of its row.
pub async fn save(tx: &Tx, cluster: &mut Cluster) -> Result<(), DbErr> {
    cluster.version = cluster.version.saturating_add(1);
    let row = cluster::ActiveModel {
        id: Unchanged(cluster.id),
        name: Set(cluster.name.clone()),
        motto: Set(cluster.motto.clone()),
        signed_on: Set(cluster.signed_on),
        version: Set(cluster.version),
        ..Default::default()
    };
    cluster::Entity::update(row).exec(tx).await?;
    cluster_unit::Entity::delete_many().filter(cluster_unit::Column::ClusterId.eq(cluster.id.0)).exec(tx).await?;
    cluster_head::Entity::delete_many().filter(cluster_head::Column::ClusterId.eq(cluster.id.0)).exec(tx).await?;
    flag_holding::Entity::delete_many().filter(flag_holding::Column::ClusterId.eq(cluster.id.0)).exec(tx).await?;
    insert_stays(tx, cluster).await
}

async fn insert_stays(tx: &Tx, cluster: &Cluster) -> Result<(), DbErr> {
    let units = cluster.units.iter().map(|stay| cluster_unit::ActiveModel {
        cluster_id: Set(cluster.id),
        unit_id: Set(stay.unit_id),
        valid_from: Set(stay.from),
        valid_to: Set(stay.to),
    });
    cluster_unit::Entity::insert_many(units).exec_without_returning(tx).await?;
    let heads = cluster.heads.iter().map(|stay| cluster_head::ActiveModel {
        id: Set(Uuid::now_v7()),
        cluster_id: Set(cluster.id),
        unit_id: Set(stay.unit_id),
        valid_from: Set(stay.from),
        valid_to: Set(stay.to),
    });
    cluster_head::Entity::insert_many(heads).exec_without_returning(tx).await?;
    let flags = cluster.flags.iter().map(|stay| flag_holding::ActiveModel {
        id: Set(Uuid::now_v7()),
        cluster_id: Set(cluster.id),
        unit_id: Set(stay.unit_id),
        valid_from: Set(stay.from),
        valid_to: Set(stay.to),
    });
    flag_holding::Entity::insert_many(flags).exec_without_returning(tx).await.map(|_rows| ())
}

/// Is there such a cluster?
pub async fn exists(db: &impl ConnectionTrait, id: ClusterId) -> Result<bool, DbErr> {
    Ok(cluster::Entity::find_by_id(id).one(db).await?.is_some())
}

/// The units of a cluster on `day`.
pub async fn units_of(db: &impl ConnectionTrait, id: ClusterId, day: NaiveDate) -> Result<Vec<UnitId>, DbErr> {
    let rows = cluster_unit::Entity::find()
        .filter(cluster_unit::Column::ClusterId.eq(id.0))
        .filter(within(cluster_unit::Column::ValidFrom, cluster_unit::Column::ValidTo, day))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| row.unit_id).collect())
}

/// The clusters that any of these units is in on `day`.
pub async fn clusters_of(db: &impl ConnectionTrait, units: &[UnitId], day: NaiveDate) -> Result<Vec<ClusterId>, DbErr> {
    let rows = cluster_unit::Entity::find()
        .filter(cluster_unit::Column::UnitId.is_in(units.iter().map(|unit| unit.0)))
        .filter(within(cluster_unit::Column::ValidFrom, cluster_unit::Column::ValidTo, day))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| row.cluster_id).collect())
}
