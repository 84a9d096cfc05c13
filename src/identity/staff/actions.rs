//! Making staff accounts, ending them, and proving that one is one's own.

use super::{StaffAccount, password::verify, store};
use crate::{
    app::App,
    audit::{self, Subject},
    db::Tx,
    identity::{
        guesses::Guessing,
        role_grants::{self, RoleGrant},
        sessions,
    },
    kit::{
        http::{Person, Role},
        problems::{FaultCode, Problem, problem::bad_field},
        secrets::Vault,
        values::{MemberId, RoleGrantId, UnitId, clock::NO_END},
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
    store::insert(tx, StaffAccount::new(member_id, username, password_hash, tx.now())).await?;
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

/// The caller's own account, if this is its password; `pointer` is where they wrote it. Guesses are counted, those of a session
/// on each replica and those at an account on all of them.
pub async fn prove(app: &App, caller: &Person, password: String, pointer: &str) -> Result<StaffAccount, Problem> {
    let account = store::find_of(app.db.reads(), caller.member_id).await?;
    app.guesses.count(&format!("session:{}", caller.session_id))?;
    let guessing = Guessing::own_password(app, caller.member_id);
    guessing.check().await?;
    if !verify(&app.hashing, password, Some(account.password_hash.clone())).await? {
        guessing.wrong().await?;
        return Err(bad_field(pointer, FaultCode::WrongPassword));
    }
    guessing.check().await?;
    Ok(account)
}

/// Ends an account: nobody signs in with it any more, and whoever has is signed out within seconds. The last admin's stays.
pub async fn disable(tx: &Tx, account: &StaffAccount) -> Result<(), Problem> {
    role_grants::keep_an_admin(tx, |grant| grant.member_id == account.member_id).await?;
    store::set_disabled(tx, account.member_id, Some(tx.now())).await?;
    sessions::close_all_of(tx, account.member_id, None).await?;
    record(tx, "disable_staff_account", account).await
}

/// Lets an account be used again.
pub async fn enable(tx: &Tx, account: &StaffAccount) -> Result<(), Problem> {
    store::set_disabled(tx, account.member_id, None).await?;
    record(tx, "enable_staff_account", account).await
}

/// Sets another password, hashed already, for an owner who does not know theirs any more. Every session ends.
pub async fn reset_password(tx: &Tx, account: &StaffAccount, new_hash: String) -> Result<(), Problem> {
    store::replace_password(tx, account.member_id, &account.password_hash, new_hash).await?;
    sessions::close_all_of(tx, account.member_id, None).await?;
    record(tx, "reset_password", account).await
}

async fn record(tx: &Tx, action: &'static str, account: &StaffAccount) -> Result<(), Problem> {
    audit::record(tx, action, Subject { kind: "member", id: account.member_id.0 }, None, None).await
}
