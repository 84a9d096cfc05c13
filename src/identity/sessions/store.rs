//! All SQL about sessions and refresh tokens.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _,
    sea_query::Expr,
};

use crate::{
    db::Tx,
    entity::{refresh_token, session},
    kit::ids::{MemberId, SessionId},
};

/// Adds a session.
pub async fn insert(
    tx: &Tx,
    id: SessionId,
    member_id: MemberId,
    client_id: &str,
    expires_at: DateTime<Utc>,
) -> Result<(), DbErr> {
    let row = session::ActiveModel {
        id: Set(id.0),
        member_id: Set(member_id.0),
        client_id: Set(client_id.to_owned()),
        device: Set(None),
        created_at: Set(tx.now()),
        last_used_at: Set(tx.now()),
        expires_at: Set(expires_at),
        revoked_at: Set(None),
    };
    session::Entity::insert(row).exec_without_returning(tx).await.map(|_rows| ())
}

/// The session of that id.
pub async fn find(db: &impl ConnectionTrait, id: SessionId) -> Result<Option<session::Model>, DbErr> {
    session::Entity::find_by_id(id.0).one(db).await
}

/// Ends a session.
pub async fn revoke(tx: &Tx, id: SessionId) -> Result<(), DbErr> {
    session::Entity::update_many()
        .col_expr(session::Column::RevokedAt, Expr::value(tx.now()))
        .filter(session::Column::Id.eq(id.0))
        .filter(session::Column::RevokedAt.is_null())
        .exec(tx)
        .await
        .map(|_rows| ())
}

/// Notes that a session was used.
pub async fn touch(tx: &Tx, id: SessionId, expires_at: DateTime<Utc>) -> Result<(), DbErr> {
    let row = session::ActiveModel {
        id: Unchanged(id.0),
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
        session_id: Set(session.0),
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
