//! What a work is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kit::values::{
    ids::{CampaignId, UnitId, WorkId},
    quantity::Quantity,
};

/// Of which kind a work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkKind {
    /// Công trình.
    Project,
    /// Mô hình.
    Model,
    /// Phần việc.
    Task,
}

/// Where a work stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkStatus {
    /// It is meant to be.
    Planned,
    /// It is under way.
    InProgress,
    /// It is done.
    Completed,
}

/// A work.
#[derive(Clone, Debug)]
pub struct Work {
    /// Its id.
    pub id: WorkId,
    /// In which campaign.
    pub campaign_id: CampaignId,
    /// Who carries it out.
    pub unit_id: UnitId,
    /// Of which kind.
    pub kind: WorkKind,
    /// Its name.
    pub title: String,
    /// It in a sentence.
    pub summary: Option<String>,
    /// Where it is.
    pub place: Option<String>,
    /// What it is counted in.
    pub unit_of_measure: Option<String>,
    /// How much is to be reached.
    pub goal: Option<Quantity>,
    /// How much is reached.
    pub achieved: Option<Quantity>,
    /// Where it stands.
    pub status: WorkStatus,
    /// The row's version, for optimistic locking.
    pub version: i64,
}

impl WorkKind {
    /// The name on the wire and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Model => "model",
            Self::Task => "task",
        }
    }

    /// The kind of that name.
    pub fn named(name: &str) -> Self {
        [Self::Project, Self::Model].into_iter().find(|kind| kind.name() == name).unwrap_or(Self::Task)
    }
}

impl WorkStatus {
    /// The name on the wire and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
        }
    }

    /// The status of that name.
    pub fn named(name: &str) -> Self {
        [Self::InProgress, Self::Completed].into_iter().find(|one| one.name() == name).unwrap_or(Self::Planned)
    }
}
