//! Places in clusters, headships and flags, as what hangs on a unit.

mod store;

use async_trait::async_trait;
use chrono::NaiveDate;

use crate::{
    belongings::{Carried, HangsOnUnits},
    db::Tx,
    kit::{problems::Problem, values::UnitId},
};

/// Places in clusters.
pub struct Belonging;

#[async_trait]
impl HangsOnUnits for Belonging {
    async fn carry_over(&self, tx: &Tx, unit: UnitId, into: UnitId, on: NaiveDate) -> Result<Option<Carried>, Problem> {
        let count = store::carry_cluster_places(tx, unit, into, on).await?;
        Ok(Some(Carried { name: "cluster_places", count }))
    }

    async fn end(&self, tx: &Tx, unit: UnitId, on: NaiveDate) -> Result<(), Problem> {
        Ok(store::end_cluster_places(tx, unit, on).await?)
    }
}
