//! Pledges, as what hangs on a unit and on a member.

use async_trait::async_trait;
use chrono::NaiveDate;

use super::store;
use crate::{
    belongings::{HangsOnMembers, HangsOnUnits},
    db::Tx,
    kit::{
        problems::{FaultCode, Problem},
        values::{MemberId, UnitId},
    },
};

/// Pledges.
pub struct Belonging;

#[async_trait]
impl HangsOnUnits for Belonging {
    async fn obstacles(&self, tx: &Tx, unit: UnitId, on: NaiveDate) -> Result<Vec<FaultCode>, Problem> {
        let is_running = store::has_running(tx, unit, on).await?;
        Ok(is_running.then_some(FaultCode::HasRunningPledges).into_iter().collect())
    }
}

#[async_trait]
impl HangsOnMembers for Belonging {
    async fn has_any(&self, tx: &Tx, member: MemberId) -> Result<bool, Problem> {
        Ok(store::has_pledged(tx, member).await?)
    }
}
