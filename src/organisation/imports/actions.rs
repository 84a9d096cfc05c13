//! Beginning and ending an import.

use std::{
    fs::File,
    io::{Read as _, Seek as _},
};

use serde_json::json;

use super::{
    file::{Column, Headers},
    import::{Counts, Import, ImportKind, ImportStatus},
    staged::seal_chunk,
    store,
};
use crate::{
    audit::{self, Subject},
    db::{Effect, Tx},
    kit::{
        http::{Person, SentFile},
        problems::{FaultCode, Problem},
        secrets::Vault,
        values::ImportId,
    },
    outbox::{self, Event},
};

/// How much of a file stands in one row.
const CHUNK: u64 = 512 * 1024;
const LONGEST_FILE_NAME: usize = 200;

/// A file to be brought in, its headers understood.
#[derive(Debug)]
pub struct NewImport {
    /// What is in it.
    pub kind: ImportKind,
    /// Is it only to be said what would happen?
    pub dry_run: bool,
    /// The file.
    pub file: SentFile,
    /// What its columns are called.
    pub headers: Headers,
}

/// May they bring anything in? Admins may, and managers for their units.
pub fn check_may_import(caller: &Person) -> Result<(), Problem> {
    if caller.is_admin() || !caller.managed_units().is_empty() { Ok(()) } else { Err(Problem::forbidden()) }
}

/// Keeps the file, encrypted, for any worker of any replica.
pub async fn create(tx: &Tx, vault: &Vault, caller: &Person, mut new: NewImport) -> Result<Import, Problem> {
    let import = Import {
        id: ImportId::new(),
        member_id: caller.member_id,
        kind: new.kind,
        dry_run: new.dry_run,
        status: ImportStatus::Queued,
        file_name: new.file.name.chars().take(LONGEST_FILE_NAME).collect(),
        file_size: i64::try_from(new.file.size).unwrap_or(i64::MAX),
        file_hash: new.file.hash,
        headers: new.headers,
        rows_total: None,
        planned_to: 0,
        applied_to: 0,
        counts: Counts::default(),
        failure: None,
        created_at: tx.now(),
        started_at: None,
        finished_at: None,
        lease_owner: None,
        attempt: 0,
        version: 1,
    };
    store::insert(tx, &import).await?;
    new.file.content.rewind().map_err(Problem::internal)?;
    let mut ordinal = 0;
    while let Some(chunk) = next_chunk(&mut new.file.content)? {
        store::insert_chunk(tx, import.id, ordinal, seal_chunk(vault, import.id, ordinal, &chunk)).await?;
        ordinal = ordinal.saturating_add(1);
    }
    let after = json!({"kind": import.kind, "dry_run": import.dry_run, "file_hash": import.file_hash});
    audit::record(tx, "create_import", subject(&import), None, Some(after)).await?;
    tx.after_commit(Effect::WakeImports);
    Ok(import)
}

fn next_chunk(file: &mut File) -> Result<Option<Vec<u8>>, Problem> {
    let mut chunk = Vec::new();
    file.take(CHUNK).read_to_end(&mut chunk).map_err(Problem::internal)?;
    Ok((!chunk.is_empty()).then_some(chunk))
}

/// What the audit log calls it.
pub fn subject(import: &Import) -> Subject {
    Subject { kind: "import", id: import.id.0 }
}

/// Ends it, well or for a reason. Nothing is left of its file, and whoever has sent it is told.
pub async fn end(tx: &Tx, mut import: Import, failure: Option<FaultCode>) -> Result<(), Problem> {
    import.status = if failure.is_some() { ImportStatus::Failed } else { ImportStatus::Done };
    import.failure = failure;
    import.finished_at = Some(tx.now());
    let taken = match import.headers.name_of(Column::Phone) {
        Some(column) => store::count_conflicts(tx, import.id, column, FaultCode::Taken).await?,
        None => 0,
    };
    store::delete_all(tx, import.id).await?;
    store::save_progress(tx, &import).await?;
    let counts = import.counts;
    let after = json!({"status": import.status, "created": counts.created, "changed": counts.changed,
        "unchanged": counts.unchanged, "refused": counts.refused,
        // Whoever asks in bulk whose numbers are known is seen.
        "phones_taken": taken, "failure": failure.map(FaultCode::name)});
    audit::record(tx, "end_import", subject(&import), None, Some(after)).await?;
    outbox::record(tx, Event::ImportEnded { import_id: import.id }).await
}
