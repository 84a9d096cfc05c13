//! All SQL about the token pair. Both tokens are encrypted.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QuerySelect as _,
    sea_query::{Expr, OnConflict},
};

use super::token::Pair;
use crate::{
    app::HeldPair,
    db::Tx,
    entity::provider_token::{ActiveModel, Column, Entity, Model},
    kit::{
        problems::Problem,
        secrets::{Unreadable, Vault},
    },
    outside::zalo::{OaAccessToken, OaRefreshToken},
};

const ZALO_OA: &str = "zalo_oa";
const ACCESS: &str = "provider_token.access";
const REFRESH: &str = "provider_token.refresh";

/// What became of a pair that was to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is stored, now or since before.
    Stored,
    /// There is a newer one, or one of another line.
    Superseded,
}

/// The pair that is kept.
pub async fn find(db: &impl ConnectionTrait, vault: &Vault) -> Result<Option<Pair>, Problem> {
    Entity::find_by_id(ZALO_OA).one(db).await?.map(|row| read(vault, row)).transpose()
}

fn read(vault: &Vault, row: Model) -> Result<Pair, Problem> {
    let access = vault.open(ACCESS, &row.access_cipher).map_err(Problem::internal)?;
    let refresh = vault.open(REFRESH, &row.refresh_cipher).map_err(Problem::internal)?;
    let (seed, refresh) = refresh.split_once(' ').unwrap_or(("", &refresh));
    Ok(Pair {
        access: OaAccessToken::new(&access),
        refresh: OaRefreshToken::new(refresh).ok_or_else(|| Problem::internal(Unreadable))?,
        seed: seed.to_owned(),
        expires_at: row.access_expires_at,
        renewed_at: row.renewed_at,
        renewing_until: row.renewing_until,
        failed_at: row.failed_at,
        sealed: row.refresh_cipher,
    })
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

/// Keeps a new pair, whosever lease it is and whatever became of the renewal meanwhile: the one that it was had for is spent.
/// The same pair may come twice, because the answer to a commit was lost. One of another line stays: somebody has begun it
/// with a new consent.
pub async fn keep(tx: &Tx, vault: &Vault, held: &HeldPair) -> Result<Kept, Problem> {
    let row = ActiveModel {
        provider: Set(ZALO_OA.to_owned()),
        access_cipher: Set(held.access_cipher.clone()),
        refresh_cipher: Set(held.refresh_cipher.clone()),
        access_expires_at: Set(held.expires_at),
        renewed_at: Set(held.renewed_at),
        renewing_until: Set(None),
        renewing_owner: Set(None),
        failed_at: Set(None),
    };
    let there = Entity::find_by_id(ZALO_OA).lock_exclusive().one(tx).await?;
    let Some(there) = there else {
        Entity::insert(row).exec_without_returning(tx).await?;
        return Ok(Kept::Stored);
    };
    if there.refresh_cipher == held.refresh_cipher {
        return Ok(Kept::Stored);
    }
    // What nobody can read is no line.
    let is_spent = there.refresh_cipher == held.spent_cipher;
    let is_older = read(vault, there).is_ok_and(|there| there.seed == held.seed && there.renewed_at <= held.renewed_at);
    if !is_spent && !is_older {
        return Ok(Kept::Superseded);
    }
    Entity::update_many().set(row).filter(Column::Provider.eq(ZALO_OA)).exec(tx).await?;
    Ok(Kept::Stored)
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

/// An access token as it is kept; none is kept as an empty text.
pub fn seal_access(vault: &Vault, access: Option<&OaAccessToken>) -> String {
    vault.seal(ACCESS, access.map_or("", OaAccessToken::expose))
}

/// A refresh token as it is kept, with what its line began with.
pub fn seal_refresh(vault: &Vault, seed: &str, refresh: &OaRefreshToken) -> String {
    vault.seal(REFRESH, &format!("{seed} {}", refresh.expose()))
}

fn row_of(vault: &Vault, pair: &Pair) -> ActiveModel {
    ActiveModel {
        provider: Set(ZALO_OA.to_owned()),
        access_cipher: Set(seal_access(vault, pair.access.as_ref())),
        refresh_cipher: Set(seal_refresh(vault, &pair.seed, &pair.refresh)),
        access_expires_at: Set(pair.expires_at),
        renewed_at: Set(pair.renewed_at),
        renewing_until: Set(None),
        renewing_owner: Set(None),
        failed_at: Set(None),
    }
}
