//! All SQL about decisions.

use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait as _};

use super::Checkin;
use crate::{
    db::Tx,
    entity::checkin_decision::{ActiveModel, Entity},
    kit::values::{ids::CheckinDecisionId, quantity::Quantity},
};

/// Keeps what was just decided about this check-in.
pub async fn insert(tx: &Tx, id: CheckinDecisionId, checkin: &Checkin) -> Result<(), DbErr> {
    let row = ActiveModel {
        id: Set(id.0),
        checkin_id: Set(checkin.id.0),
        member_id: Set(checkin.member_id.0),
        status: Set(checkin.status.name().to_owned()),
        quantity: Set(checkin.quantity.thousandths()),
        reason: Set(checkin.return_reason.clone()),
        decided_by: Set(checkin.decided_by.map(|member| member.0)),
        decided_at: Set(checkin.decided_at.unwrap_or_else(|| tx.now())),
    };
    Entity::insert(row).exec_without_returning(tx).await.map(|_rows| ())
}

/// How much it was about, and the reason that was given.
pub async fn find(
    db: &impl ConnectionTrait,
    id: CheckinDecisionId,
) -> Result<Option<(Quantity, Option<String>)>, DbErr> {
    let row = Entity::find_by_id(id.0).one(db).await?;
    Ok(row.map(|row| (Quantity::from_thousandths(row.quantity), row.reason)))
}
