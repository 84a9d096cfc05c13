//! All SQL about undoing links.

use sea_orm::{ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _, sea_query::Expr};

use crate::{
    db::Tx,
    entity::{
        member_private::{self, Column},
        zalo_identity,
    },
    kit::values::ids::MemberId,
};

/// Forgets a member's ids with Zalo. False when there are none.
pub async fn delete(tx: &Tx, member: MemberId) -> Result<bool, DbErr> {
    Ok(zalo_identity::Entity::delete_by_id(member).exec(tx).await?.rows_affected > 0)
}

/// Forgets a member's phone number.
pub async fn clear_phone(tx: &Tx, member: MemberId) -> Result<(), DbErr> {
    member_private::Entity::update_many()
        .col_expr(Column::PhoneCipher, Expr::value(None::<String>))
        .col_expr(Column::PhoneHash, Expr::value(None::<String>))
        .filter(Column::MemberId.eq(member))
        .exec(tx)
        .await
        .map(|_rows| ())
}
