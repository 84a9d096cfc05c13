//! The one statement that writes totals.

use sea_orm::{
    ActiveValue::Set,
    Condition, DbErr, EntityTrait as _,
    sea_query::{Expr, ExprTrait as _, OnConflict, SimpleExpr},
};

use super::{Change, ROOM, TotalKey};
use crate::{db::Tx, entity::target_unit_total as total};

/// Adds to a total. `false` where it has no room for it: it stays as it is. What takes away always goes.
pub async fn add(tx: &Tx, key: TotalKey, change: Change) -> Result<bool, DbErr> {
    let (Some(reported), Some(verified)) = (change.0.stored(), change.1.stored()) else { return Ok(false) };
    if reported > ROOM || verified > ROOM {
        return Ok(false);
    }
    let row = total::ActiveModel {
        target_id: Set(key.0),
        unit_id: Set(key.1),
        phase_id: Set(key.2),
        reported: Set(reported),
        verified: Set(verified),
    };
    let on_conflict = OnConflict::columns([total::Column::TargetId, total::Column::UnitId, total::Column::PhaseId])
        .value(total::Column::Reported, stored(total::Column::Reported).add(added(total::Column::Reported)))
        .value(total::Column::Verified, stored(total::Column::Verified).add(added(total::Column::Verified)))
        .action_and_where(fits(total::Column::Reported))
        .action_and_where(fits(total::Column::Verified))
        .to_owned();
    let written = total::Entity::insert(row).on_conflict(on_conflict).exec_without_returning(tx).await?;
    Ok(written > 0)
}

fn stored(column: total::Column) -> SimpleExpr {
    Expr::col((total::Entity, column))
}

fn added(column: total::Column) -> SimpleExpr {
    Expr::col(("excluded", column))
}

/// Is the sum within bounds? In an order in which nothing overflows.
fn fits(column: total::Column) -> SimpleExpr {
    let has_room = stored(column).lte(Expr::val(ROOM).sub(added(column)));
    Condition::any().add(added(column).lte(0)).add(has_room).into()
}
