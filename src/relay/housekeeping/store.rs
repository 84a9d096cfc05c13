//! All SQL about what has had its time.

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _,
    sea_query::{Expr, Query},
};

use crate::{
    db::{Tx, dialect},
    entity::{authorization_code, idempotency_key, refresh_token, session},
};

/// How many rows go in one transaction.
pub const BATCH: u64 = 1_000;

/// Deletes a batch of the answers that are not given again. Gives how many.
pub async fn delete_idempotency_keys(tx: &Tx, before: DateTime<Utc>) -> Result<u64, DbErr> {
    use idempotency_key::{Column, Entity};
    let key = [Column::Caller, Column::Operation, Column::Key];
    let mut old =
        Entity::find().select_only().columns(key).filter(Column::ExpiresAt.lte(before)).limit(BATCH).into_query();
    // Whoever holds one of them, an erasure maybe, takes it away too: nobody waits for anybody.
    dialect::skip_locked(&mut old);
    let is_old = Expr::tuple(key.map(Expr::col)).in_subquery(old);
    Ok(Entity::delete_many().filter(is_old).exec(tx).await?.rows_affected)
}

/// Since when the oldest of the answers that are not given again should have gone.
pub async fn idempotency_keys_since(
    db: &impl ConnectionTrait,
    before: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, DbErr> {
    use idempotency_key::{Column, Entity};
    Entity::find()
        .select_only()
        .column(Column::ExpiresAt)
        .filter(Column::ExpiresAt.lte(before))
        .order_by_asc(Column::ExpiresAt)
        .limit(1)
        .into_tuple()
        .one(db)
        .await
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

/// Deletes a batch of the sessions that expired or were revoked before then and that nothing names any more: no refresh token
/// and no code, by which a second use would be noticed. A revoked one goes once it would have expired as well, which for want
/// of new tokens it has by then: so all of them are found by one index. Gives how many.
pub async fn delete_sessions(tx: &Tx, before: DateTime<Utc>) -> Result<u64, DbErr> {
    use session::{Column, Entity};
    let tokens = Query::select()
        .column(refresh_token::Column::TokenHash)
        .from(refresh_token::Entity)
        .and_where(Expr::col((refresh_token::Entity, refresh_token::Column::SessionId)).equals((Entity, Column::Id)))
        .to_owned();
    let of_codes = authorization_code::Entity::find()
        .select_only()
        .column(authorization_code::Column::SessionId)
        .filter(authorization_code::Column::SessionId.is_not_null())
        .into_query();
    let old = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::ExpiresAt.lte(tx.now()))
        .filter(Column::ExpiresAt.lte(before).or(Column::RevokedAt.lte(before)))
        .filter(Expr::exists(tokens).not())
        .filter(Column::Id.not_in_subquery(of_codes))
        .limit(BATCH)
        .into_query();
    Ok(Entity::delete_many().filter(Column::Id.in_subquery(old)).exec(tx).await?.rows_affected)
}
