//! All SQL about authorization codes.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QuerySelect as _,
    QueryTrait as _, sea_query::Expr,
};

use crate::{
    db::Tx,
    entity::authorization_code::{ActiveModel, Column, Entity, Model},
    kit::values::{MemberId, SessionId},
};

/// A code to be given out.
pub struct NewCode<'a> {
    /// Its hash.
    pub hash: String,
    /// To which client.
    pub client_id: &'a str,
    /// For whom.
    pub member_id: MemberId,
    /// Where they are sent back to.
    pub redirect_uri: &'a str,
    /// What the verifier must hash to.
    pub code_challenge: &'a str,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
}

/// Adds a code.
pub async fn insert(tx: &Tx, new: NewCode<'_>) -> Result<(), DbErr> {
    let row = ActiveModel {
        code_hash: Set(new.hash),
        client_id: Set(new.client_id.to_owned()),
        member_id: Set(new.member_id),
        redirect_uri: Set(new.redirect_uri.to_owned()),
        code_challenge: Set(new.code_challenge.to_owned()),
        expires_at: Set(new.expires_at),
        used_at: Set(None),
        session_id: Set(None),
    };
    Entity::insert(row).exec_without_returning(tx).await.map(|_rows| ())
}

/// The code of that hash.
pub async fn find(db: &impl ConnectionTrait, hash: &str) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(hash.to_owned()).one(db).await
}

/// Notes which session a code has made.
pub async fn set_session(tx: &Tx, hash: &str, session: SessionId) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::SessionId, Expr::value(session))
        .filter(Column::CodeHash.eq(hash))
        .exec(tx)
        .await
        .map(|_rows| ())
}

/// Uses a code up. Only one of many at once succeeds; the others wait until it has committed.
pub async fn use_up(tx: &Tx, hash: &str) -> Result<bool, DbErr> {
    let used = Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(tx.now()))
        .filter(Column::CodeHash.eq(hash))
        .filter(Column::UsedAt.is_null())
        .exec(tx)
        .await?;
    Ok(used.rows_affected == 1)
}

/// Deletes a batch of the authorization codes that ended before then. Gives how many.
pub async fn delete_old(tx: &Tx, before: DateTime<Utc>, batch: u64) -> Result<u64, DbErr> {
    let old = Entity::find()
        .select_only()
        .column(Column::CodeHash)
        .filter(Column::ExpiresAt.lte(before))
        .limit(batch)
        .into_query();
    Ok(Entity::delete_many().filter(Column::CodeHash.in_subquery(old)).exec(tx).await?.rows_affected)
}
