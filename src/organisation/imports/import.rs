//! What an import is, and the states it goes through.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::file::Headers;
use crate::kit::{
    problems::{Fault, FaultCode, Words},
    values::{ImportId, MemberId},
};

/// How many rows are carried out in one transaction.
pub const BATCH: u64 = 1_000;
/// How long an import is somebody's own unless they renew it. A batch is carried out in one transaction, which nobody takes it out
/// of; a file that is read, however long that takes, is renewed meanwhile.
pub const LEASE: Duration = Duration::from_secs(12);
/// What is kept of a file that nobody could work on goes after this time.
pub const LIFE: TimeDelta = TimeDelta::hours(24);
/// How often a batch is begun before the import is given up.
pub const MOST_ATTEMPTS: i32 = 5;

/// What is brought in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportKind {
    /// Units, with what stands above them.
    Units,
    /// Members, with the units they belong to.
    Members,
}

impl ImportKind {
    /// The name on the wire and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Units => "units",
            Self::Members => "members",
        }
    }

    /// The kind of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Units, Self::Members].into_iter().find(|kind| kind.name() == name)
    }
}

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportStatus {
    /// It waits for a worker.
    Queued,
    /// A worker is at it.
    Running,
    /// Every row has been carried out or left out.
    Done,
    /// It was given up; `failure` says why. Rows that were carried out before stay.
    Failed,
}

impl ImportStatus {
    /// The name on the wire and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// The status of that name.
    pub fn named(name: &str) -> Self {
        let all = [Self::Queued, Self::Running, Self::Done];
        all.into_iter().find(|status| status.name() == name).unwrap_or(Self::Failed)
    }
}

/// An import.
#[derive(Clone, Debug)]
pub struct Import {
    /// Its id.
    pub id: ImportId,
    /// Whose it is.
    pub member_id: MemberId,
    /// What is brought in.
    pub kind: ImportKind,
    /// Is it only said what would happen?
    pub dry_run: bool,
    /// How far it is.
    pub status: ImportStatus,
    /// What the file was called.
    pub file_name: String,
    /// How long the file was, in bytes.
    pub file_size: i64,
    /// SHA-256 of the file, in hexadecimal.
    pub file_hash: String,
    /// What its columns are called.
    pub headers: Headers,
    /// How many rows the file has, once it has been read.
    pub rows_total: Option<i32>,
    /// Up to which row it is known what is to happen.
    pub planned_to: i32,
    /// Up to which row it has happened.
    pub applied_to: i32,
    /// What became of the rows so far.
    pub counts: Counts,
    /// Why it was given up.
    pub failure: Option<FaultCode>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When a worker took it up.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// Who works at it.
    pub lease_owner: Option<String>,
    /// How often its present batch was begun.
    pub attempt: i32,
    /// The row's version.
    pub version: i64,
}

/// What became of rows: each is counted once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Made.
    pub created: i32,
    /// There before, and different now.
    pub changed: i32,
    /// There before, and the same.
    pub unchanged: i32,
    /// Left out.
    pub refused: i32,
}

impl Counts {
    /// All of them together.
    pub const fn total(self) -> i32 {
        self.created.saturating_add(self.changed).saturating_add(self.unchanged).saturating_add(self.refused)
    }

    /// One more of that outcome.
    pub const fn add(&mut self, outcome: Outcome) {
        let counted = self.of(outcome);
        *counted = counted.saturating_add(1);
    }

    /// One less of it: it has turned out otherwise.
    pub const fn take_back(&mut self, outcome: Outcome) {
        let counted = self.of(outcome);
        *counted = counted.saturating_sub(1);
    }

    const fn of(&mut self, outcome: Outcome) -> &mut i32 {
        match outcome {
            Outcome::Create => &mut self.created,
            Outcome::Change | Outcome::Adopt => &mut self.changed,
            Outcome::Keep => &mut self.unchanged,
            Outcome::Refuse => &mut self.refused,
        }
    }
}

/// What is to become of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Somebody or something new.
    Create,
    /// There, but different.
    Change,
    /// There under the same name in the same unit, without what the row has to find them by: they get it.
    Adopt,
    /// There, and the same.
    Keep,
    /// Left out.
    Refuse,
}

impl Outcome {
    /// The name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Change => "change",
            Self::Adopt => "adopt",
            Self::Keep => "keep",
            Self::Refuse => "refuse",
        }
    }

    /// The outcome of that name.
    pub fn named(name: &str) -> Self {
        let all = [Self::Create, Self::Change, Self::Adopt, Self::Keep];
        all.into_iter().find(|outcome| outcome.name() == name).unwrap_or(Self::Refuse)
    }

    /// Is there something to be written?
    pub const fn is_work(self) -> bool {
        matches!(self, Self::Create | Self::Change | Self::Adopt)
    }
}

/// What an earlier decision found a row to be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Earlier {
    /// Somebody or something to be made, under this id.
    New(Uuid),
    /// Somebody or something that is there.
    Known(Uuid),
}

impl Earlier {
    /// What a plan says; none when nothing was to be written.
    pub fn of(outcome: Outcome, subject: Option<Uuid>) -> Option<Self> {
        match outcome {
            Outcome::Create => subject.map(Self::New),
            Outcome::Change | Outcome::Adopt => subject.map(Self::Known),
            Outcome::Keep | Outcome::Refuse => None,
        }
    }

    /// Who or what is there, if so.
    pub const fn known(self) -> Option<Uuid> {
        match self {
            Self::Known(id) => Some(id),
            Self::New(_) => None,
        }
    }

    /// Who or what is to be made, if so.
    pub const fn to_be_made(self) -> Option<Uuid> {
        match self {
            Self::New(id) => Some(id),
            Self::Known(_) => None,
        }
    }
}

/// What is to be done next with an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Read its file into rows.
    Read,
    /// Find out what is to become of a batch of rows.
    Plan,
    /// Carry a batch out.
    Apply,
    /// Nothing is left.
    Finish,
}

impl Import {
    /// What is to be done next.
    pub fn stage(&self) -> Stage {
        let Some(total) = self.rows_total else { return Stage::Read };
        if self.planned_to < total {
            Stage::Plan
        } else if !self.dry_run && self.applied_to < total {
            Stage::Apply
        } else {
            Stage::Finish
        }
    }

    /// Is it known of each of its rows what became of it?
    pub fn is_complete(&self) -> bool {
        self.rows_total == Some(self.counts.total())
    }
}

/// Why a row is left out. Holds nothing personal: it outlives the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowFault {
    /// The header of the column, as the file has it; none when it is not in the file.
    pub column: Option<String>,
    /// The stable name of the reason.
    pub code: String,
    /// What stands for the `{name}`s of its words.
    pub with: Vec<(String, String)>,
}

impl RowFault {
    /// A reason in a column.
    pub fn new(column: Option<&str>, code: FaultCode) -> Self {
        Self { column: column.map(str::to_owned), code: code.name().to_owned(), with: Vec::new() }
    }

    /// The same, with a value for the `{name}` of its words.
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.with.push((name.to_owned(), value.to_string()));
        self
    }

    /// As the kit words it.
    pub fn fault(&self) -> Option<Fault> {
        const NAMES: [&str; 4] = ["limit", "row", "expected", "options"];
        let mut fault = Fault::at("", FaultCode::named(&self.code)?);
        for (name, value) in &self.with {
            let known = NAMES.into_iter().find(|known| known == name)?;
            fault.values.push((known, Words::Plain(value.clone())));
        }
        Some(fault)
    }
}
