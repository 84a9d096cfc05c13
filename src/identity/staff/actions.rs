//! Making staff accounts.

use super::{StaffAccount, store};
use crate::{
    audit::{self, Subject},
    db::Tx,
    identity::role_grants::{self, RoleGrant},
    kit::{
        caller::Role,
        clock::NO_END,
        ids::{MemberId, RoleGrantId, UnitId},
        problem::Problem,
        vault::Vault,
    },
    organisation::members,
};

/// A member who signs in with a username, with a role over a unit (none: everywhere). The password is hashed already.
pub async fn create(
    tx: &Tx,
    vault: &Vault,
    username: &str,
    password_hash: String,
    role: Role,
    unit_id: Option<UnitId>,
) -> Result<MemberId, Problem> {
    let member_id = members::join_guest(tx, vault, username, None, None).await?.id;
    store::insert(tx, username, StaffAccount { member_id, password_hash }).await?;
    let grant = RoleGrant {
        id: RoleGrantId::new(),
        member_id,
        role,
        unit_id,
        valid_from: tx.today(),
        valid_to: NO_END,
        granted_by: None,
    };
    role_grants::insert(tx, &grant).await?;
    audit::record(tx, "create_staff_account", Subject { kind: "member", id: member_id.0 }, None, None).await?;
    Ok(member_id)
}
