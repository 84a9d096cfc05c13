//! All SQL about signing keys.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, sea_query::Expr,
};

use crate::{
    db::Tx,
    entity::signing_key::{ActiveModel, Column, Entity, Model},
};

/// The keys that verify at `now` or are to sign, the newest first.
pub async fn live_keys(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<Vec<Model>, DbErr> {
    let lives = Condition::any().add(Column::VerifiesUntil.is_null()).add(Column::VerifiesUntil.gt(now));
    Entity::find().filter(lives).order_by_desc(Column::SignsFrom).order_by_desc(Column::Kid).all(db).await
}

/// Every key, the newest first.
pub async fn all_keys(db: &impl ConnectionTrait) -> Result<Vec<Model>, DbErr> {
    Entity::find().order_by_desc(Column::SignsFrom).order_by_desc(Column::Kid).all(db).await
}

/// Adds a key pair.
pub async fn insert(
    tx: &Tx,
    kid: &str,
    public_key: &str,
    private_cipher: String,
    signs_from: DateTime<Utc>,
) -> Result<(), DbErr> {
    let row = ActiveModel {
        kid: Set(kid.to_owned()),
        public_key: Set(public_key.to_owned()),
        private_cipher: Set(private_cipher),
        created_at: Set(tx.now()),
        signs_from: Set(signs_from),
        verifies_until: Set(None),
    };
    Entity::insert(row).exec_without_returning(tx).await.map(|_rows| ())
}

/// Lets no key verify after `until`; those that end earlier end as they did.
pub async fn end_all(tx: &Tx, until: DateTime<Utc>) -> Result<(), DbErr> {
    let is_later = Condition::any().add(Column::VerifiesUntil.is_null()).add(Column::VerifiesUntil.gt(until));
    Entity::update_many()
        .col_expr(Column::VerifiesUntil, Expr::value(until))
        .filter(is_later)
        .exec(tx)
        .await
        .map(|_rows| ())
}

/// Forgets the private halves of the keys that have ended.
pub async fn forget_ended(tx: &Tx, now: DateTime<Utc>) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::PrivateCipher, Expr::value(""))
        .filter(Column::VerifiesUntil.lte(now))
        .exec(tx)
        .await
        .map(|_rows| ())
}
