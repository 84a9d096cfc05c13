//! Append only. For every check-in the sum of its entries is what its state says.

use sea_orm::entity::prelude::*;

use crate::kit::values::{CheckinId, CommitmentId, MemberId, PhaseId, TargetId, UnitId};

/// Which of the two figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Figure {
    /// What people say they did: submitted and verified.
    Reported,
    /// What a manager has verified.
    Verified,
}

shown_as_kept!(Figure);

/// Why an entry was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Cause {
    /// It came in.
    Submitted,
    /// A manager verified it.
    Verified,
    /// A manager returned it.
    Returned,
    /// Its author changed it.
    Edited,
    /// Its author withdrew it.
    Withdrawn,
    /// A total has no room for it: it waits for a manager.
    Held,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_entry")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub checkin_id: CheckinId,
    pub commitment_id: CommitmentId,
    pub target_id: Option<TargetId>,
    pub unit_id: UnitId,
    pub member_id: MemberId,
    pub phase_id: Option<PhaseId>,
    pub day: Date,
    pub figure: Figure,
    pub delta: i64,
    pub cause: Cause,
    pub recorded_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
