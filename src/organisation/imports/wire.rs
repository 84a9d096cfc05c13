//! Imports on the wire.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    import::{Import, ImportKind, ImportStatus, RowFault},
    store::Conflict,
};
use crate::kit::{
    http::{SentFile, Upload},
    problems::{Fault, FaultCode, Faults, Problem, codes::fill},
    values::{ImportId, Language},
};

/// A spreadsheet to be brought in.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "the description of a form that is read as a stream")]
pub struct ImportForm {
    /// What is in it.
    kind: ImportKind,
    /// Is it only to be said what would happen? Absent: `false`.
    #[schema(default = false)]
    dry_run: Option<bool>,
    /// CSV in UTF-8 (with or without a byte order mark; comma, semicolon or tab), or XLSX. Headers in Vietnamese or English.
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    file: Vec<u8>,
}

/// A form that has been taken apart.
#[derive(Debug)]
pub struct ParsedForm {
    /// What is in the file.
    pub kind: ImportKind,
    /// Is it only to be said what would happen?
    pub dry_run: bool,
    /// The file.
    pub file: SentFile,
}

/// The field that the file stands in.
pub const FILE: &str = "file";

impl ParsedForm {
    /// Of what was sent, if everything is as it should be.
    pub fn parse(mut upload: Upload) -> Result<Self, Problem> {
        let mut faults = Faults::new();
        let kind = upload.texts.remove("kind");
        let named = kind.as_deref().and_then(ImportKind::named);
        match (&kind, named) {
            (None, _) => faults.add(Fault::at("/kind", FaultCode::Missing)),
            (Some(_), None) => faults.add(Fault::at("/kind", FaultCode::NotOneOf).with("options", "units, members")),
            _ => {}
        }
        let dry_run = match upload.texts.remove("dry_run").as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => {
                faults.add(Fault::at("/dry_run", FaultCode::NotOneOf).with("options", "true, false"));
                false
            }
        };
        for name in upload.texts.keys() {
            faults.add(Fault::at(format!("/{name}"), FaultCode::UnknownField));
        }
        faults.add_if(upload.file.is_none(), "/file", FaultCode::Missing);
        let parsed = named.zip(upload.file).map(|(kind, file)| Self { kind, dry_run, file });
        // Without one of them there is a fault.
        faults.or(parsed)?.ok_or_else(Problem::not_found)
    }
}

/// An import: what it is to do, how far it is, and what became of the rows.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportView {
    /// Its id.
    pub id: ImportId,
    /// What is brought in.
    pub kind: ImportKind,
    /// Is it only said what would happen? Then nothing is written, and the counts say what a run would do.
    pub dry_run: bool,
    /// How far it is.
    pub status: ImportStatus,
    /// What the file was called.
    #[schema(examples("dang-vien.xlsx"))]
    pub file_name: String,
    /// How many rows are settled: created, changed, unchanged or left out.
    #[schema(examples(118800))]
    pub rows_done: i32,
    /// How many rows the file has below its headers, blank ones apart; null until it has been read.
    #[schema(examples(120000))]
    pub rows_total: Option<i32>,
    /// How many were made.
    pub created: i32,
    /// How many were there and are different now.
    pub changed: i32,
    /// How many were there and are the same.
    pub unchanged: i32,
    /// How many rows were left out.
    pub conflict_count: i32,
    /// Why rows were left out, by row: the first 10,000 reasons in a single import, none in a list. All of them, in pages:
    /// `GET /v1/imports/{id}/conflicts`.
    pub conflicts: Vec<ConflictView>,
    /// Columns of the file that nobody understands: they were not looked at.
    pub ignored_columns: Vec<String>,
    /// Why it was given up; null unless `status` is `failed`.
    pub failure: Option<ImportFailure>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When a worker took it up.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

/// Why a row was left out.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConflictView {
    /// The row as the spreadsheet counts, be it of a workbook or of a CSV file that was opened as one: the headers usually stand
    /// in row 1, blank rows count, and a row is one row however many lines its cells have.
    #[schema(examples(17))]
    pub row: i32,
    /// The header of the column, as the file has it; null when it is about none.
    #[schema(examples("Số điện thoại"))]
    pub column: Option<String>,
    /// The stable name of the reason.
    #[schema(examples("wrong_format"))]
    pub code: String,
    /// The reason for people, in the language of `Accept-Language`.
    #[schema(examples("Sai định dạng, cần 0912 345 678."))]
    pub detail: String,
}

/// Why an import was given up.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportFailure {
    /// The stable name of the reason.
    #[schema(examples("broken_file"))]
    pub code: String,
    /// The reason for people, in the language of `Accept-Language`.
    #[schema(examples("Tệp bị hỏng hoặc không đọc được."))]
    pub detail: String,
}

/// Which imports.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportFilter {
    /// How many items at the most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[param(max_length = 1000)]
    pub cursor: Option<String>,
}

/// Which reasons.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ConflictFilter {
    /// How many items at the most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[param(max_length = 1000)]
    pub cursor: Option<String>,
}

impl ImportView {
    /// An import, worded.
    pub fn new(import: Import, conflicts: Vec<Conflict>, max_rows: u32, language: Language) -> Self {
        let failure = import.failure.map(|code| ImportFailure {
            code: code.name().to_owned(),
            detail: fill(code.detail(language), &[("limit", max_rows.to_string())]),
        });
        Self {
            id: import.id,
            kind: import.kind,
            dry_run: import.dry_run,
            status: import.status,
            file_name: import.file_name,
            rows_done: import.counts.total(),
            rows_total: import.rows_total,
            created: import.counts.created,
            changed: import.counts.changed,
            unchanged: import.counts.unchanged,
            conflict_count: import.counts.refused,
            conflicts: conflicts.into_iter().map(|conflict| ConflictView::new(conflict, language)).collect(),
            ignored_columns: import.headers.ignored,
            failure,
            created_at: import.created_at,
            started_at: import.started_at,
            finished_at: import.finished_at,
        }
    }
}

impl ConflictView {
    /// A reason, worded.
    pub fn new(conflict: Conflict, language: Language) -> Self {
        let detail = worded(&conflict.fault, language);
        Self { row: conflict.number, column: conflict.fault.column, code: conflict.fault.code, detail }
    }
}

fn worded(fault: &RowFault, language: Language) -> String {
    let Some(fault) = fault.fault() else { return String::new() };
    let values: Vec<_> = fault.values.iter().map(|(name, value)| (*name, value.worded(language))).collect();
    fill(fault.code.detail(language), &values)
}
