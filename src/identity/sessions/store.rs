//! All SQL about sessions and refresh tokens.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _,
    sea_query::{Expr, Query},
};

use crate::{
    db::Tx,
    entity::{authorization_code, refresh_token, session, staff_account},
    kit::{
        http::Page,
        values::{MemberId, SessionId},
    },
};

pub use session::Model as Session;

/// Adds a session.
pub async fn insert(
    tx: &Tx,
    id: SessionId,
    member_id: MemberId,
    client_id: &str,
    device: Option<String>,
    expires_at: DateTime<Utc>,
) -> Result<(), DbErr> {
    let row = session::ActiveModel {
        id: Set(id),
        member_id: Set(member_id),
        client_id: Set(client_id.to_owned()),
        device: Set(device),
        created_at: Set(tx.now()),
        last_used_at: Set(tx.now()),
        expires_at: Set(expires_at),
        revoked_at: Set(None),
    };
    session::Entity::insert(row).exec_without_returning(tx).await.map(|_rows| ())
}

/// The session of that id.
pub async fn find(db: &impl ConnectionTrait, id: SessionId) -> Result<Option<Session>, DbErr> {
    session::Entity::find_by_id(id).one(db).await
}

/// Ends a session.
pub async fn revoke(tx: &Tx, id: SessionId) -> Result<(), DbErr> {
    session::Entity::update_many()
        .col_expr(session::Column::RevokedAt, Expr::value(tx.now()))
        .filter(session::Column::Id.eq(id))
        .filter(session::Column::RevokedAt.is_null())
        .exec(tx)
        .await
        .map(|_rows| ())
}

/// Ends every session of a member but `kept`.
pub async fn revoke_all_of(tx: &Tx, member: MemberId, kept: Option<SessionId>) -> Result<(), DbErr> {
    let mut update = session::Entity::update_many()
        .col_expr(session::Column::RevokedAt, Expr::value(tx.now()))
        .filter(session::Column::MemberId.eq(member))
        .filter(session::Column::RevokedAt.is_null());
    if let Some(kept) = kept {
        update = update.filter(session::Column::Id.ne(kept));
    }
    update.exec(tx).await.map(|_rows| ())
}

/// Forgets the authorization codes of a member that have not become a session.
pub async fn delete_unused_codes_of(tx: &Tx, member: MemberId) -> Result<(), DbErr> {
    authorization_code::Entity::delete_many()
        .filter(authorization_code::Column::MemberId.eq(member))
        .filter(authorization_code::Column::UsedAt.is_null())
        .exec(tx)
        .await
        .map(|_rows| ())
}

/// Has this member a staff account that may not be used?
pub async fn is_staff_disabled(tx: &Tx, member: MemberId) -> Result<bool, DbErr> {
    let account = staff_account::Entity::find_by_id(member).one(tx).await?;
    Ok(account.is_some_and(|account| account.disabled_at.is_some()))
}

/// A page of the sessions of a member that are open at `now`, the newest first.
pub async fn page_open(
    db: &impl ConnectionTrait,
    member: MemberId,
    now: DateTime<Utc>,
    page: &Page<SessionId>,
) -> Result<Vec<Session>, DbErr> {
    let mut query = session::Entity::find()
        .filter(session::Column::MemberId.eq(member))
        .filter(session::Column::RevokedAt.is_null())
        .filter(session::Column::ExpiresAt.gt(now))
        .order_by_desc(session::Column::Id)
        .limit(page.fetch());
    if let Some(after) = page.after {
        query = query.filter(session::Column::Id.lt(after));
    }
    query.all(db).await
}

/// Notes that a session was used.
pub async fn touch(tx: &Tx, id: SessionId, expires_at: DateTime<Utc>) -> Result<(), DbErr> {
    let row = session::ActiveModel {
        id: Unchanged(id),
        last_used_at: Set(tx.now()),
        expires_at: Set(expires_at),
        ..Default::default()
    };
    session::Entity::update(row).exec(tx).await.map(|_row| ())
}

/// Adds a refresh token by its hash.
pub async fn insert_token(tx: &Tx, hash: String, session: SessionId, expires_at: DateTime<Utc>) -> Result<(), DbErr> {
    let row = refresh_token::ActiveModel {
        token_hash: Set(hash),
        session_id: Set(session),
        issued_at: Set(tx.now()),
        expires_at: Set(expires_at),
        used_at: Set(None),
    };
    refresh_token::Entity::insert(row).exec_without_returning(tx).await.map(|_rows| ())
}

/// The refresh token of that hash.
pub async fn find_token(db: &impl ConnectionTrait, hash: &str) -> Result<Option<refresh_token::Model>, DbErr> {
    refresh_token::Entity::find_by_id(hash.to_owned()).one(db).await
}

/// Uses a refresh token up. Only one of many at once succeeds.
pub async fn use_token(tx: &Tx, hash: &str) -> Result<bool, DbErr> {
    let used = refresh_token::Entity::update_many()
        .col_expr(refresh_token::Column::UsedAt, Expr::value(tx.now()))
        .filter(refresh_token::Column::TokenHash.eq(hash))
        .filter(refresh_token::Column::UsedAt.is_null())
        .exec(tx)
        .await?;
    Ok(used.rows_affected == 1)
}

/// Deletes a batch of the refresh tokens that have ended. Gives how many.
pub async fn delete_old_tokens(tx: &Tx, before: DateTime<Utc>, batch: u64) -> Result<u64, DbErr> {
    use refresh_token::{Column, Entity};
    let old = Entity::find()
        .select_only()
        .column(Column::TokenHash)
        .filter(Column::ExpiresAt.lte(before))
        .limit(batch)
        .into_query();
    Ok(Entity::delete_many().filter(Column::TokenHash.in_subquery(old)).exec(tx).await?.rows_affected)
}

/// Deletes a batch of the sessions that expired or were revoked before then and that nothing names any more: no refresh token
/// and no code, by which a second use would be noticed. A revoked one goes once it would have expired as well, which for want
/// of new tokens it has by then: so all of them are found by one index. Gives how many.
pub async fn delete_old(tx: &Tx, before: DateTime<Utc>, batch: u64) -> Result<u64, DbErr> {
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
        .limit(batch)
        .into_query();
    Ok(Entity::delete_many().filter(Column::Id.in_subquery(old)).exec(tx).await?.rows_affected)
}
