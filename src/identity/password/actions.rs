//! Changing a password.

use crate::{
    audit::{self, Subject},
    db::Tx,
    identity::{
        sessions,
        staff::{self, StaffAccount},
    },
    kit::{
        http::Person,
        problems::{Code, FaultCode, Problem, problem::bad_field},
    },
};

/// May this be the new password? Its length is a matter of its schema.
pub fn check(account: &StaffAccount, current: &str, new: &str) -> Result<(), Problem> {
    let has_username = new.to_lowercase().contains(&account.username);
    if new == current || has_username {
        return Err(bad_field("/new_password", FaultCode::TooWeak));
    }
    Ok(())
}

/// Sets the new password, hashed, where the old one is still the one that was shown. Ends every other session.
pub async fn change(tx: &Tx, caller: &Person, account: &StaffAccount, new_hash: String) -> Result<(), Problem> {
    if !staff::replace_password(tx, caller.member_id, &account.password_hash, new_hash).await? {
        return Err(Problem::new(Code::PreconditionFailed));
    }
    sessions::close_all_of(tx, caller.member_id, Some(caller.session_id)).await?;
    audit::record(tx, "change_password", Subject { kind: "member", id: caller.member_id.0 }, None, None).await
}
