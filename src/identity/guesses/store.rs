//! All SQL about wrong guesses.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _,
    QuerySelect as _, QueryTrait as _,
    sea_query::{Expr, OnConflict},
};

use super::bucket::Bucket;
use crate::{
    db::Tx,
    entity::wrong_guess::{ActiveModel, Column, Entity},
};

/// How many were wrong in the present window of each of these, by name. One statement.
pub async fn counts(
    db: &impl ConnectionTrait,
    buckets: &[Bucket],
    now: DateTime<Utc>,
) -> Result<HashMap<String, i64>, DbErr> {
    let these = buckets.iter().fold(Condition::any(), |any, bucket| {
        any.add(Column::Bucket.eq(bucket.name.as_str()).and(Column::WindowEnds.eq(bucket.window_ends(now))))
    });
    let rows = Entity::find().filter(these).all(db).await?;
    Ok(rows.into_iter().map(|row| (row.bucket, row.guesses)).collect())
}

/// Counts one more in each of these, and gives the new counts. Two statements. The rows are taken in the order of their names,
/// so that nobody waits in a circle.
pub async fn count(tx: &Tx, buckets: &[Bucket]) -> Result<HashMap<String, i64>, DbErr> {
    let mut sorted: Vec<&Bucket> = buckets.iter().collect();
    sorted.sort_by(|one, other| one.name.cmp(&other.name));
    let rows = sorted.into_iter().map(|bucket| ActiveModel {
        bucket: Set(bucket.name.clone()),
        window_ends: Set(bucket.window_ends(tx.now())),
        guesses: Set(1),
    });
    let one_more = OnConflict::columns([Column::Bucket, Column::WindowEnds])
        .value(Column::Guesses, Expr::col((Entity, Column::Guesses)).add(1_i64))
        .to_owned();
    Entity::insert_many(rows).on_conflict(one_more).exec_without_returning(tx).await?;
    counts(tx, buckets, tx.now()).await
}

/// Deletes a batch of what is over. Gives how many.
pub async fn prune(tx: &Tx, batch: u64) -> Result<u64, DbErr> {
    let key = [Column::Bucket, Column::WindowEnds];
    let over =
        Entity::find().select_only().columns(key).filter(Column::WindowEnds.lte(tx.now())).limit(batch).into_query();
    let is_over = Expr::tuple(key.map(Expr::col)).in_subquery(over);
    Ok(Entity::delete_many().filter(is_over).exec(tx).await?.rows_affected)
}
