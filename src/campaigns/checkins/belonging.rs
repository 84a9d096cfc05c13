//! Check-ins, as what hangs on a member.

use async_trait::async_trait;

use super::store;
use crate::{
    belongings::HangsOnMembers,
    db::Tx,
    kit::{problems::Problem, values::MemberId},
};

/// Check-ins.
pub struct Belonging;

#[async_trait]
impl HangsOnMembers for Belonging {
    async fn has_any(&self, tx: &Tx, member: MemberId) -> Result<bool, Problem> {
        Ok(store::has_checked_in(tx, member).await?)
    }
}
