//! Activities, as what hangs on the member who wrote them.

use async_trait::async_trait;

use super::store;
use crate::{
    belongings::HangsOnMembers,
    db::Tx,
    kit::{problems::Problem, values::MemberId},
};

/// Activities.
pub struct Belonging;

#[async_trait]
impl HangsOnMembers for Belonging {
    async fn has_any(&self, tx: &Tx, member: MemberId) -> Result<bool, Problem> {
        Ok(store::has_written(tx, member).await?)
    }
}
