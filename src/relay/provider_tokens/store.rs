//! All SQL about the token pair. Both tokens are encrypted.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _,
    sea_query::{Expr, OnConflict},
};
use secrecy::{ExposeSecret as _, SecretString};

use super::token::Pair;
use crate::{
    db::Tx,
    entity::provider_token::{ActiveModel, Column, Entity},
    kit::{problem::Problem, vault::Vault},
};

const ZALO_OA: &str = "zalo_oa";
const ACCESS: &str = "provider_token.access";
const REFRESH: &str = "provider_token.refresh";

/// The pair that is kept.
pub async fn find(db: &impl ConnectionTrait, vault: &Vault) -> Result<Option<Pair>, Problem> {
    let Some(row) = Entity::find_by_id(ZALO_OA).one(db).await? else { return Ok(None) };
    let access = vault.open(ACCESS, &row.access_cipher).map_err(Problem::internal)?;
    let refresh = vault.open(REFRESH, &row.refresh_cipher).map_err(Problem::internal)?;
    let (seed, refresh) = refresh.split_once(' ').unwrap_or(("", &refresh));
    Ok(Some(Pair {
        access: access.into(),
        refresh: refresh.into(),
        seed: seed.to_owned(),
        expires_at: row.access_expires_at,
        renewed_at: row.renewed_at,
        renewing_until: row.renewing_until,
        failed_at: row.failed_at,
        sealed: row.refresh_cipher,
    }))
}

/// Begins a line of pairs, where there is none or the one before has failed.
pub async fn begin(tx: &Tx, vault: &Vault, first: &Pair) -> Result<(), DbErr> {
    let row = row_of(vault, first);
    let nothing = OnConflict::column(Column::Provider).do_nothing().to_owned();
    if Entity::insert(row.clone()).on_conflict(nothing).exec_without_returning(tx).await? > 0 {
        return Ok(());
    }
    let failed = Column::FailedAt.is_not_null();
    Entity::update_many().set(row).filter(Column::Provider.eq(ZALO_OA)).filter(failed).exec(tx).await.map(|_rows| ())
}

/// Notes that the access token of this pair is good no longer.
pub async fn expire(tx: &Tx, pair: &Pair) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::AccessExpiresAt, Expr::value(tx.now()))
        .filter(Column::Provider.eq(ZALO_OA))
        .filter(Column::RefreshCipher.eq(pair.sealed.as_str()))
        .exec(tx)
        .await
        .map(|_rows| ())
}

/// Takes the right to renew this very pair. Only one of many at once succeeds.
pub async fn lease(tx: &Tx, pair: &Pair, owner: &str, until: DateTime<Utc>) -> Result<bool, DbErr> {
    let is_free = Condition::any().add(Column::RenewingUntil.is_null()).add(Column::RenewingUntil.lte(tx.now()));
    let taken = Entity::update_many()
        .col_expr(Column::RenewingUntil, Expr::value(until))
        .col_expr(Column::RenewingOwner, Expr::value(owner))
        .filter(Column::Provider.eq(ZALO_OA))
        .filter(Column::RefreshCipher.eq(pair.sealed.as_str()))
        .filter(Column::FailedAt.is_null())
        .filter(is_free)
        .exec(tx)
        .await?;
    Ok(taken.rows_affected == 1)
}

/// Keeps a new pair, whosever lease it is: the one before it is spent, so nothing else can be right.
pub async fn keep(tx: &Tx, vault: &Vault, next: &Pair) -> Result<(), DbErr> {
    Entity::update_many().set(row_of(vault, next)).filter(Column::Provider.eq(ZALO_OA)).exec(tx).await.map(|_rows| ())
}

/// Lets nobody try again before `until`.
pub async fn pause(tx: &Tx, owner: &str, until: DateTime<Utc>) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::RenewingUntil, Expr::value(until))
        .filter(Column::Provider.eq(ZALO_OA))
        .filter(Column::RenewingOwner.eq(owner))
        .exec(tx)
        .await
        .map(|_rows| ())
}

/// Notes that nothing can renew the pair any more.
pub async fn fail(tx: &Tx, owner: &str) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::FailedAt, Expr::value(tx.now()))
        .col_expr(Column::RenewingUntil, Expr::value(None::<DateTime<Utc>>))
        .col_expr(Column::RenewingOwner, Expr::value(None::<String>))
        .filter(Column::Provider.eq(ZALO_OA))
        .filter(Column::RenewingOwner.eq(owner))
        .exec(tx)
        .await
        .map(|_rows| ())
}

fn row_of(vault: &Vault, pair: &Pair) -> ActiveModel {
    let refresh = SecretString::from(format!("{} {}", pair.seed, pair.refresh.expose_secret()));
    ActiveModel {
        provider: Set(ZALO_OA.to_owned()),
        access_cipher: Set(vault.seal(ACCESS, pair.access.expose_secret())),
        refresh_cipher: Set(vault.seal(REFRESH, refresh.expose_secret())),
        access_expires_at: Set(pair.expires_at),
        renewed_at: Set(pair.renewed_at),
        renewing_until: Set(None),
        renewing_owner: Set(None),
        failed_at: Set(None),
    }
}
