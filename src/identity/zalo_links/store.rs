//! All SQL about undoing links.

use sea_orm::{DbErr, EntityTrait as _};

use crate::{db::Tx, entity::zalo_identity::Entity, kit::ids::MemberId};

/// Forgets a member's ids with Zalo. False when there are none.
pub async fn delete(tx: &Tx, member: MemberId) -> Result<bool, DbErr> {
    Ok(Entity::delete_by_id(member.0).exec(tx).await?.rows_affected > 0)
}
