//! Where people belong, as what hangs on a unit and on a member.

mod store;

use async_trait::async_trait;
use chrono::NaiveDate;

use crate::{
    belongings::{Carried, HangsOnMembers, HangsOnUnits},
    db::{Effect, Tx},
    kit::{
        problems::{FaultCode, Problem},
        values::{MemberId, UnitId},
    },
    organisation::{members, units},
};

/// Memberships.
pub struct Belonging;

/// Holds members whose places go from these units to others. Everybody who changes places holds in this order: the units
/// (`lock_shared`, `hold`), the members, the counts, then writes the places; else two of them could wait for each other.
async fn hold_for_move(tx: &Tx, members: &[MemberId], units: &[UnitId]) -> Result<(), Problem> {
    members::hold_places_of(tx, members).await?;
    Ok(units::hold_counts(tx, units).await?)
}

#[async_trait]
impl HangsOnUnits for Belonging {
    async fn obstacles(&self, tx: &Tx, unit: UnitId, on: NaiveDate) -> Result<Vec<FaultCode>, Problem> {
        let has_members = store::has_members(tx, unit, on).await?;
        Ok(has_members.then_some(FaultCode::HasMembers).into_iter().collect())
    }

    async fn carry_over(&self, tx: &Tx, unit: UnitId, into: UnitId, on: NaiveDate) -> Result<Option<Carried>, Problem> {
        let members = store::members_since(tx, unit, on).await?;
        hold_for_move(tx, &members, &[unit, into]).await?;
        let count = store::carry_memberships(tx, unit, into, on).await?;
        tx.after_commit(Effect::ForgetCallers);
        Ok(Some(Carried { name: "memberships", count }))
    }

    async fn members_in(
        &self,
        tx: &Tx,
        unit: UnitId,
        members: &[MemberId],
        on: NaiveDate,
    ) -> Result<Vec<MemberId>, Problem> {
        Ok(store::members_in(tx, unit, members, on).await?.into_iter().collect())
    }

    async fn hold_for_split(&self, tx: &Tx, unit: UnitId, members: &[MemberId]) -> Result<(), Problem> {
        hold_for_move(tx, members, &[unit]).await
    }

    async fn split_off(
        &self,
        tx: &Tx,
        unit: UnitId,
        part: UnitId,
        members: &[MemberId],
        on: NaiveDate,
    ) -> Result<(), Problem> {
        store::move_members(tx, unit, part, members, on).await?;
        Ok(())
    }
}

#[async_trait]
impl HangsOnMembers for Belonging {
    async fn has_any(&self, tx: &Tx, member: MemberId) -> Result<bool, Problem> {
        Ok(store::has_place(tx, member).await?)
    }

    async fn end(&self, tx: &Tx, member: MemberId) -> Result<(), Problem> {
        Ok(store::end_places_of(tx, member).await?)
    }
}
