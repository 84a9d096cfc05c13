//! Campaigns, as what hangs on the unit that has launched them.

use async_trait::async_trait;
use chrono::NaiveDate;

use super::store;
use crate::{
    belongings::HangsOnUnits,
    db::Tx,
    kit::{
        problems::{FaultCode, Problem},
        values::UnitId,
    },
};

/// Campaigns that a unit has launched.
pub struct Belonging;

#[async_trait]
impl HangsOnUnits for Belonging {
    async fn obstacles(&self, tx: &Tx, unit: UnitId, on: NaiveDate) -> Result<Vec<FaultCode>, Problem> {
        let is_running = store::has_running(tx, unit, on).await?;
        Ok(is_running.then_some(FaultCode::HasRunningCampaigns).into_iter().collect())
    }
}
