//! Letting go of what is too old. A checkpoint takes over what the chain needs, so that the rest still verifies; only then
//! does the database let rows go.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _, sea_query::OnConflict,
};

use super::chain;
use crate::{
    db::Tx,
    entity::{
        audit_checkpoint,
        audit_row::{Column, Entity, Model},
    },
};

/// Lets go of a batch of the rows that were recorded before then. Gives how many.
pub async fn prune(tx: &Tx, before: DateTime<Utc>, batch: u64) -> Result<u64, DbErr> {
    let Some(last) = last_before(tx, before).await? else { return Ok(0) };
    let (Some(position), Some(hash)) = (last.position, last.hash) else { return Ok(0) };
    let kept = chain::start(tx).await?;
    if position > kept.position {
        let row_count = kept.pruned.saturating_add(position.saturating_sub(kept.position));
        let row = audit_checkpoint::ActiveModel {
            position: Set(position),
            hash: Set(hash),
            row_count: Set(row_count),
            pruned_at: Set(tx.now()),
        };
        // Another replica may do the same at this moment.
        let same = OnConflict::column(audit_checkpoint::Column::Position).do_nothing().to_owned();
        audit_checkpoint::Entity::insert(row).on_conflict(same).exec_without_returning(tx).await?;
    }
    let old = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Position.lte(position.max(kept.position)))
        .order_by_asc(Column::Position)
        .limit(batch)
        .into_query();
    Ok(Entity::delete_many().filter(Column::Id.in_subquery(old)).exec(tx).await?.rows_affected)
}

/// The last row of those before then that has its place in the chain.
async fn last_before(db: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::RecordedAt.lt(before))
        .filter(Column::Position.is_not_null())
        .order_by_desc(Column::RecordedAt)
        .order_by_desc(Column::Position)
        .one(db)
        .await
}
