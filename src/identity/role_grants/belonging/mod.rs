//! Roles, as what hangs on a unit and on a member.

mod store;

use std::collections::HashSet;

use async_trait::async_trait;
use chrono::NaiveDate;

use crate::{
    belongings::{Carried, HangsOnMembers, HangsOnUnits},
    db::{Effect, Tx},
    kit::{
        http::Grant,
        problems::Problem,
        values::{MemberId, UnitId},
    },
};

/// Role grants.
pub struct Belonging;

#[async_trait]
impl HangsOnUnits for Belonging {
    async fn carry_over(&self, tx: &Tx, unit: UnitId, into: UnitId, on: NaiveDate) -> Result<Option<Carried>, Problem> {
        let count = store::carry_role_grants(tx, unit, into, on).await?;
        tx.after_commit(Effect::ForgetCallers);
        Ok(Some(Carried { name: "role_grants", count }))
    }

    async fn end(&self, tx: &Tx, unit: UnitId, on: NaiveDate) -> Result<(), Problem> {
        store::end_role_grants(tx, unit, on).await?;
        tx.after_commit(Effect::ForgetCallers);
        Ok(())
    }
}

#[async_trait]
impl HangsOnMembers for Belonging {
    async fn has_any(&self, tx: &Tx, member: MemberId) -> Result<bool, Problem> {
        Ok(store::has_role(tx, member).await?)
    }

    async fn makes_staff(&self, tx: &Tx, member: MemberId) -> Result<bool, Problem> {
        Ok(store::is_ever_admin(tx, member).await?)
    }

    async fn beyond(
        &self,
        tx: &Tx,
        members: &[MemberId],
        units: &[UnitId],
        day: NaiveDate,
    ) -> Result<HashSet<MemberId>, Problem> {
        Ok(store::holding_beyond(tx, members, units, day).await?)
    }

    async fn roles_on(&self, tx: &Tx, member: MemberId, day: NaiveDate) -> Result<Vec<Grant>, Problem> {
        Ok(store::roles_on(tx, member, day).await?)
    }

    async fn end(&self, tx: &Tx, member: MemberId) -> Result<(), Problem> {
        Ok(store::end_roles_of(tx, member).await?)
    }
}
