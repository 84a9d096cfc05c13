//! All SQL about signing keys.

use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
};

use crate::{
    db::Tx,
    entity::signing_key::{ActiveModel, Column, Entity, Model},
};

/// The keys that verify, the one that signs first.
pub async fn live_keys(db: &impl ConnectionTrait) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::RetiredAt.is_null())
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Kid)
        .all(db)
        .await
}

/// Adds a key pair.
pub async fn insert(tx: &Tx, kid: &str, public_key: &str, private_cipher: String) -> Result<(), DbErr> {
    let row = ActiveModel {
        kid: Set(kid.to_owned()),
        public_key: Set(public_key.to_owned()),
        private_cipher: Set(private_cipher),
        created_at: Set(tx.now()),
        retired_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(tx).await.map(|_rows| ())
}
