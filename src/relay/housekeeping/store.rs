//! All SQL about what has had its time.

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait as _, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _, QuerySelect as _, QueryTrait as _,
    sea_query::Expr,
};

use crate::{
    db::Tx,
    entity::{authorization_code, idempotency_key, refresh_token},
};

/// How many rows go in one transaction.
pub const BATCH: u64 = 1_000;

/// Deletes a batch of the answers that are not given again. Gives how many.
pub async fn delete_idempotency_keys(tx: &Tx, before: DateTime<Utc>) -> Result<u64, DbErr> {
    use idempotency_key::{Column, Entity};
    let key = [Column::Caller, Column::Operation, Column::Key];
    let old = Entity::find().select_only().columns(key).filter(Column::ExpiresAt.lte(before)).limit(BATCH).into_query();
    let is_old = Expr::tuple(key.map(Expr::col)).in_subquery(old);
    Ok(Entity::delete_many().filter(is_old).exec(tx).await?.rows_affected)
}

/// Deletes a batch of the refresh tokens that have ended. Gives how many.
pub async fn delete_refresh_tokens(tx: &Tx, before: DateTime<Utc>) -> Result<u64, DbErr> {
    use refresh_token::{Column, Entity};
    let old = Entity::find()
        .select_only()
        .column(Column::TokenHash)
        .filter(Column::ExpiresAt.lte(before))
        .limit(BATCH)
        .into_query();
    Ok(Entity::delete_many().filter(Column::TokenHash.in_subquery(old)).exec(tx).await?.rows_affected)
}

/// Deletes a batch of the authorization codes that ended before then. Gives how many.
pub async fn delete_authorization_codes(tx: &Tx, before: DateTime<Utc>) -> Result<u64, DbErr> {
    use authorization_code::{Column, Entity};
    let old = Entity::find()
        .select_only()
        .column(Column::CodeHash)
        .filter(Column::ExpiresAt.lte(before))
        .limit(BATCH)
        .into_query();
    Ok(Entity::delete_many().filter(Column::CodeHash.in_subquery(old)).exec(tx).await?.rows_affected)
}
