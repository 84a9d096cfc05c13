//! All SQL about decisions.

use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait as _};

use super::Checkin;
use crate::{
    db::Tx,
    entity::checkin_decision::{ActiveModel, Entity},
    kit::values::{CheckinDecisionId, Quantity},
};

/// Keeps what was just decided about this check-in.
pub async fn insert(tx: &Tx, id: CheckinDecisionId, checkin: &Checkin) -> Result<(), DbErr> {
    let row = ActiveModel {
        id: Set(id),
        checkin_id: Set(checkin.id),
        member_id: Set(checkin.member_id),
        status: Set(checkin.status),
        quantity: Set(checkin.quantity.thousandths()),
        reason: Set(checkin.return_reason.clone()),
        decided_by: Set(checkin.decided_by),
        decided_at: Set(checkin.decided_at.unwrap_or_else(|| tx.now())),
    };
    Entity::insert(row).exec_without_returning(tx).await.map(|_rows| ())
}

/// How much it was about, and the reason that was given.
pub async fn find(
    db: &impl ConnectionTrait,
    id: CheckinDecisionId,
) -> Result<Option<(Quantity, Option<String>)>, DbErr> {
    let row = Entity::find_by_id(id).one(db).await?;
    Ok(row.map(|row| (Quantity::from_thousandths(row.quantity), row.reason)))
}
