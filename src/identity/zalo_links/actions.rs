//! Undoing a link to the wrong account, and what came of it.

use crate::{
    audit::{self, Subject},
    db::Tx,
    identity::{consents, sessions},
    kit::{problems::Problem, values::MemberId},
    organisation::members,
    personal_data,
};

/// Takes a member away from the Zalo account that has them, with what it brought: the sessions, the phone number by which it
/// would be linked again, and the consents, which somebody else has given.
pub async fn unlink(tx: &Tx, member: MemberId) -> Result<(), Problem> {
    personal_data::hold(tx, member).await?;
    if !members::unlink_zalo(tx, member).await? {
        return Ok(());
    }
    consents::withdraw_all(tx, member).await?;
    sessions::close_all_of(tx, member, None).await?;
    audit::record(tx, "unlink_zalo", Subject { kind: "member", id: member.0 }, None, None).await
}
