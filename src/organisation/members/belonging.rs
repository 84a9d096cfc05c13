//! A member's own row, as what ends with them.

use async_trait::async_trait;

use super::store;
use crate::{
    belongings::HangsOnMembers,
    db::Tx,
    kit::{problems::Problem, values::MemberId},
};

/// Members themselves.
pub struct Belonging;

#[async_trait]
impl HangsOnMembers for Belonging {
    async fn end(&self, tx: &Tx, member: MemberId) -> Result<(), Problem> {
        Ok(store::mark_erased(tx, member).await?)
    }
}
