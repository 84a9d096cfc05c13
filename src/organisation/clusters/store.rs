//! All SQL about clusters.

use chrono::NaiveDate;
use sea_orm::{ActiveValue::Set, ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use crate::{
    db::Tx,
    entity::{cluster, cluster_unit, flag_holding},
    kit::{
        clock::NO_END,
        ids::{ClusterId, UnitId},
    },
    organisation::units::within,
};

/// A cluster to be made.
#[derive(Clone, Debug)]
pub struct NewCluster {
    /// Its id.
    pub id: ClusterId,
    /// Its name.
    pub name: String,
    /// The year it competes in.
    pub year: i32,
    /// What it competes under.
    pub motto: Option<String>,
    /// Who heads it.
    pub head_unit_id: UnitId,
    /// Who headed it, and held the flag, before.
    pub previous_head_id: Option<UnitId>,
    /// When its joint pledge was signed.
    pub signed_on: NaiveDate,
    /// The units in it.
    pub unit_ids: Vec<UnitId>,
}

/// Adds a cluster with its units; the flag goes to its head on the day the pledge is signed.
pub async fn insert(tx: &Tx, new: &NewCluster) -> Result<(), DbErr> {
    let first_day = NaiveDate::from_ymd_opt(new.year, 1, 1).unwrap_or(new.signed_on);
    let row = cluster::ActiveModel {
        id: Set(new.id.0),
        name: Set(new.name.clone()),
        year: Set(new.year),
        motto: Set(new.motto.clone()),
        head_unit_id: Set(Some(new.head_unit_id.0)),
        signed_on: Set(Some(new.signed_on)),
        created_at: Set(tx.now()),
        version: Set(1),
    };
    cluster::Entity::insert(row).exec_without_returning(tx).await?;
    let places = new.unit_ids.iter().map(|unit| cluster_unit::ActiveModel {
        cluster_id: Set(new.id.0),
        unit_id: Set(unit.0),
        valid_from: Set(first_day),
        valid_to: Set(NO_END),
    });
    cluster_unit::Entity::insert_many(places).exec_without_returning(tx).await?;
    let before = new.previous_head_id.map(|unit| (unit, first_day, new.signed_on));
    let holdings = before.into_iter().chain([(new.head_unit_id, new.signed_on, NO_END)]);
    let flags = holdings.map(|(unit, from, to)| flag_holding::ActiveModel {
        id: Set(Uuid::now_v7()),
        cluster_id: Set(new.id.0),
        unit_id: Set(unit.0),
        valid_from: Set(from),
        valid_to: Set(to),
    });
    flag_holding::Entity::insert_many(flags).exec_without_returning(tx).await.map(|_rows| ())
}

/// Is there such a cluster?
pub async fn exists(db: &impl ConnectionTrait, id: ClusterId) -> Result<bool, DbErr> {
    Ok(cluster::Entity::find_by_id(id.0).one(db).await?.is_some())
}

/// The units of a cluster on `day`.
pub async fn units_of(db: &impl ConnectionTrait, id: ClusterId, day: NaiveDate) -> Result<Vec<UnitId>, DbErr> {
    let rows = cluster_unit::Entity::find()
        .filter(cluster_unit::Column::ClusterId.eq(id.0))
        .filter(within(cluster_unit::Column::ValidFrom, cluster_unit::Column::ValidTo, day))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| UnitId(row.unit_id)).collect())
}

/// The clusters that any of these units is in on `day`.
pub async fn clusters_of(db: &impl ConnectionTrait, units: &[UnitId], day: NaiveDate) -> Result<Vec<ClusterId>, DbErr> {
    let rows = cluster_unit::Entity::find()
        .filter(cluster_unit::Column::UnitId.is_in(units.iter().map(|unit| unit.0)))
        .filter(within(cluster_unit::Column::ValidFrom, cluster_unit::Column::ValidTo, day))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| ClusterId(row.cluster_id)).collect())
}
