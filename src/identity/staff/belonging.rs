//! Staff accounts, as what hangs on a member.

use std::collections::HashSet;

use async_trait::async_trait;
use chrono::NaiveDate;

use super::store;
use crate::{
    belongings::HangsOnMembers,
    db::Tx,
    kit::{
        problems::Problem,
        values::{MemberId, UnitId},
    },
};

/// Staff accounts, disabled or not.
pub struct Belonging;

#[async_trait]
impl HangsOnMembers for Belonging {
    async fn has_any(&self, tx: &Tx, member: MemberId) -> Result<bool, Problem> {
        Ok(store::has_account(tx, member).await?)
    }

    async fn makes_staff(&self, tx: &Tx, member: MemberId) -> Result<bool, Problem> {
        Ok(store::has_account(tx, member).await?)
    }

    async fn signs_in_itself(&self, tx: &Tx, member: MemberId) -> Result<bool, Problem> {
        Ok(store::has_account(tx, member).await?)
    }

    async fn beyond(
        &self,
        tx: &Tx,
        members: &[MemberId],
        _units: &[UnitId],
        _day: NaiveDate,
    ) -> Result<HashSet<MemberId>, Problem> {
        Ok(store::with_account(tx, members).await?)
    }
}
