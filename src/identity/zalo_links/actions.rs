//! Undoing a link.

use super::store;
use crate::{
    audit::{self, Subject},
    db::Tx,
    identity::sessions,
    kit::{ids::MemberId, problem::Problem},
    personal_data,
};

/// Takes a member away from the Zalo account that has them, and ends their sessions.
pub async fn unlink(tx: &Tx, member: MemberId) -> Result<(), Problem> {
    personal_data::hold(tx, member).await?;
    if !store::delete(tx, member).await? {
        return Ok(());
    }
    sessions::close_all_of(tx, member, None).await?;
    audit::record(tx, "unlink_zalo", Subject { kind: "member", id: member.0 }, None, None).await
}
