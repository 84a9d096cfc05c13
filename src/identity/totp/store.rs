//! All SQL about second factors.

use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _, QuerySelect as _, sea_query::Expr,
};

use crate::{
    db::Tx,
    entity::{recovery_code, staff_account},
    kit::values::MemberId,
};

/// What is kept of a second factor.
#[derive(Clone, Debug)]
pub struct KeptTotp {
    /// The secret, encrypted.
    pub cipher: String,
    /// Has a code confirmed it?
    pub is_confirmed: bool,
}

/// The second factor of a member of staff; none where none was begun.
pub async fn find(db: &impl ConnectionTrait, member: MemberId) -> Result<Option<KeptTotp>, DbErr> {
    let account = staff_account::Entity::find_by_id(member).one(db).await?;
    Ok(account.and_then(|account| {
        let is_confirmed = account.totp_confirmed_at.is_some();
        account.totp_cipher.map(|cipher| KeptTotp { cipher, is_confirmed })
    }))
}

/// Does this member of staff sign in with a second factor?
pub async fn is_enabled(db: &impl ConnectionTrait, member: MemberId) -> Result<bool, DbErr> {
    Ok(find(db, member).await?.is_some_and(|kept| kept.is_confirmed))
}

/// Keeps a secret that is not confirmed yet. Gives whether it did: a confirmed one stays.
pub async fn begin(tx: &Tx, member: MemberId, cipher: String) -> Result<bool, DbErr> {
    let begun = staff_account::Entity::update_many()
        .col_expr(staff_account::Column::TotpCipher, Expr::value(cipher))
        .col_expr(staff_account::Column::TotpLastStep, Expr::value(None::<i64>))
        .filter(staff_account::Column::MemberId.eq(member))
        .filter(staff_account::Column::TotpConfirmedAt.is_null())
        .exec(tx)
        .await?;
    Ok(begun.rows_affected == 1)
}

/// Confirms a secret.
pub async fn confirm(tx: &Tx, member: MemberId) -> Result<(), DbErr> {
    staff_account::Entity::update_many()
        .col_expr(staff_account::Column::TotpConfirmedAt, Expr::value(tx.now()))
        .filter(staff_account::Column::MemberId.eq(member))
        .exec(tx)
        .await
        .map(|_rows| ())
}

/// Uses up the code of a step, and with it those of all steps before. Only one of many at once succeeds.
pub async fn use_step(tx: &Tx, member: MemberId, step: i64) -> Result<bool, DbErr> {
    let is_later = Condition::any()
        .add(staff_account::Column::TotpLastStep.is_null())
        .add(staff_account::Column::TotpLastStep.lt(step));
    let used = staff_account::Entity::update_many()
        .col_expr(staff_account::Column::TotpLastStep, Expr::value(step))
        .filter(staff_account::Column::MemberId.eq(member))
        .filter(is_later)
        .exec(tx)
        .await?;
    Ok(used.rows_affected == 1)
}

/// Forgets the second factor and its recovery codes.
pub async fn remove(tx: &Tx, member: MemberId) -> Result<(), DbErr> {
    forget_recovery_codes(tx, member).await?;
    staff_account::Entity::update_many()
        .col_expr(staff_account::Column::TotpCipher, Expr::value(None::<String>))
        .col_expr(staff_account::Column::TotpConfirmedAt, Expr::value(None::<chrono::DateTime<chrono::Utc>>))
        .col_expr(staff_account::Column::TotpLastStep, Expr::value(None::<i64>))
        .filter(staff_account::Column::MemberId.eq(member))
        .exec(tx)
        .await
        .map(|_rows| ())
}

/// Keeps these recovery codes, and no others.
pub async fn replace_recovery_codes(tx: &Tx, member: MemberId, hashes: Vec<String>) -> Result<(), DbErr> {
    forget_recovery_codes(tx, member).await?;
    let rows = hashes.into_iter().map(|code_hash| recovery_code::ActiveModel {
        code_hash: Set(code_hash),
        member_id: Set(member),
        created_at: Set(tx.now()),
        used_at: Set(None),
    });
    recovery_code::Entity::insert_many(rows).exec_without_returning(tx).await.map(|_rows| ())
}

async fn forget_recovery_codes(tx: &Tx, member: MemberId) -> Result<(), DbErr> {
    recovery_code::Entity::delete_many()
        .filter(recovery_code::Column::MemberId.eq(member))
        .exec(tx)
        .await
        .map(|_rows| ())
}

/// Uses up a recovery code. Only one of many at once succeeds.
pub async fn use_recovery_code(tx: &Tx, member: MemberId, hash: &str) -> Result<bool, DbErr> {
    let used = recovery_code::Entity::update_many()
        .col_expr(recovery_code::Column::UsedAt, Expr::value(tx.now()))
        .filter(recovery_code::Column::CodeHash.eq(hash))
        .filter(recovery_code::Column::MemberId.eq(member))
        .filter(recovery_code::Column::UsedAt.is_null())
        .exec(tx)
        .await?;
    Ok(used.rows_affected == 1)
}

/// How many recovery codes are left; at most ten are ever kept.
pub async fn recovery_codes_left(db: &impl ConnectionTrait, member: MemberId) -> Result<u64, DbErr> {
    recovery_code::Entity::find()
        .filter(recovery_code::Column::MemberId.eq(member))
        .filter(recovery_code::Column::UsedAt.is_null())
        .limit(100)
        .count(db)
        .await
}
