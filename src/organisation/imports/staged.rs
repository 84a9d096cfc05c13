//! A row between the file and the database: as it is meant, encrypted.

use serde::{Deserialize, Serialize};

use super::{RowFault, members::MemberRow, units::UnitRow};
use crate::kit::{
    problems::Problem,
    secrets::{Unreadable, Vault},
    values::ImportId,
};

/// What a row says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Staged {
    /// A member.
    Member(MemberRow),
    /// A unit.
    Unit(UnitRow),
    /// It cannot be taken, whatever is in the database.
    Faulty(Vec<RowFault>),
}

/// A row with its places: in the order of work, and in the spreadsheet.
#[derive(Clone, Debug)]
pub struct StagedRow {
    /// In the order of work, from 1.
    pub ordinal: i32,
    /// In the spreadsheet.
    pub number: i32,
    /// What it says.
    pub content: Staged,
}

impl Staged {
    /// Encrypted. The import is bound in: a row of one is of no use in another.
    pub fn seal(&self, vault: &Vault, import: ImportId) -> String {
        let text = serde_json::to_string(self).unwrap_or_default();
        vault.seal(&row_purpose(import), &text)
    }

    /// What was sealed.
    pub fn open(vault: &Vault, import: ImportId, sealed: &str) -> Result<Self, Problem> {
        let text = vault.open(&row_purpose(import), sealed).map_err(Problem::internal)?;
        serde_json::from_str(&text).map_err(Problem::internal)
    }
}

fn row_purpose(import: ImportId) -> String {
    format!("import_row.content {import}")
}

/// A piece of a file, encrypted; its import and its place are bound in.
pub fn seal_chunk(vault: &Vault, import: ImportId, ordinal: i32, plain: &[u8]) -> Vec<u8> {
    vault.seal_bytes(&chunk_purpose(import, ordinal), plain)
}

/// What was sealed.
pub fn open_chunk(vault: &Vault, import: ImportId, ordinal: i32, sealed: &[u8]) -> Result<Vec<u8>, Unreadable> {
    vault.open_bytes(&chunk_purpose(import, ordinal), sealed)
}

fn chunk_purpose(import: ImportId, ordinal: i32) -> String {
    format!("import_chunk.content {import} {ordinal}")
}
