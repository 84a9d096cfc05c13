//! A spreadsheet as rows of texts, whatever it was saved as. Read as a stream: memory does not grow with its length, and is
//! bounded whatever the file says (`csv`, `xlsx`).

mod cells;
mod columns;
mod csv;
mod xlsx;

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
};

pub use cells::{day, kind, kind_by_name, name_key, one_line};
pub use columns::{Column, Columns, Headers};

use super::ImportKind;
use crate::kit::problems::{Fault, FaultCode};

/// How many rows are searched for the one with the headers: a title and a logo often stand above it.
const HEADER_WITHIN: usize = 20;
/// More columns than this are not looked at.
const MOST_COLUMNS: usize = 200;
/// The most that the cells of one row may have together, in bytes. The words of `row_too_long` say it too.
const MOST_OF_A_ROW: usize = 64 * 1024;

/// What a file was saved as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Text with separators.
    Csv,
    /// Excel 2007 and later.
    Xlsx,
}

/// A row: its number as the spreadsheet shows it, from 1, and its cells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Its number: a row is one row however many lines its cells have.
    pub number: u32,
    /// Its cells as text.
    pub cells: Vec<String>,
}

/// Goes on or stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// The next one, please.
    On,
    /// That is enough.
    Stop,
}

/// Why a file cannot be read.
#[derive(Debug)]
pub enum Unreadable {
    /// Neither CSV nor XLSX.
    OtherFormat,
    /// Something is wrong with it.
    Fault(Fault),
}

impl Unreadable {
    fn because(code: FaultCode) -> Self {
        Self::Fault(Fault::at("/file", code))
    }
}

/// A broken disk is as good as a broken file: it is said when it is read again.
impl From<io::Error> for Unreadable {
    fn from(_: io::Error) -> Self {
        Self::because(FaultCode::BrokenFile)
    }
}

/// What a file is, by its first bytes; its name is not believed.
pub fn format_of(file: &mut File) -> Result<Format, Unreadable> {
    let mut head = Vec::new();
    file.rewind()?;
    file.by_ref().take(8).read_to_end(&mut head)?;
    file.rewind()?;
    match head.as_slice() {
        [] => Err(Unreadable::because(FaultCode::EmptyFile)),
        [b'P', b'K', 3, 4, ..] => Ok(Format::Xlsx),
        // Compound files (old Excel), PDF, PNG, JPEG, GIF, RAR, gzip.
        [0xD0, 0xCF, 0x11, 0xE0, ..]
        | [b'%', b'P', b'D', b'F', ..]
        | [0x89, b'P', b'N', b'G', ..]
        | [0xFF, 0xD8, 0xFF, ..]
        | [b'G', b'I', b'F', b'8', ..]
        | [b'R', b'a', b'r', b'!', ..]
        | [0x1F, 0x8B, ..] => Err(Unreadable::OtherFormat),
        // UTF-16, with its byte order mark or without.
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => Err(Unreadable::because(FaultCode::NotUtf8)),
        head if head.contains(&0) => Err(Unreadable::OtherFormat),
        _ => Ok(Format::Csv),
    }
}

/// A file whose headers are understood.
#[derive(Debug)]
pub struct Sheet {
    file: File,
    format: Format,
    separator: u8,
    header_row: u32,
    /// Which column means what.
    pub columns: Columns,
}

impl Sheet {
    /// Finds the headers; every column that is missing or there twice is a fault.
    pub fn open(mut file: File, kind: ImportKind) -> Result<Self, Unreadable> {
        let format = format_of(&mut file)?;
        let separators: &[u8] = if format == Format::Csv { b",;\t" } else { b"," };
        if format == Format::Csv {
            csv::check_utf8(&mut file)?;
        }
        let mut best: Option<(u8, u32, Columns)> = None;
        for separator in separators {
            let mut rows = Vec::new();
            read(&mut file, format, *separator, &mut |row| {
                rows.push(row.clone());
                if rows.len() < HEADER_WITHIN { Flow::On } else { Flow::Stop }
            })?;
            for row in &rows {
                let columns = Columns::read(kind, &row.cells);
                if best.as_ref().is_none_or(|(_, _, known)| columns.score() > known.score()) {
                    best = Some((*separator, row.number, columns));
                }
            }
        }
        let (separator, header_row, mut columns) = best.ok_or_else(|| Unreadable::because(FaultCode::EmptyFile))?;
        if format == Format::Csv {
            csv::check_quotes(&mut file, separator)?;
            columns = columns.separated_by(separator);
        }
        columns.check()?;
        Ok(Self { file, format, separator, header_row, columns })
    }

    /// Each row below the headers that is not blank.
    pub fn rows(&mut self, take: &mut dyn FnMut(&Row) -> Flow) -> Result<(), Unreadable> {
        let header_row = self.header_row;
        read(&mut self.file, self.format, self.separator, &mut |row| {
            if row.number > header_row { take(row) } else { Flow::On }
        })
    }
}

fn read(file: &mut File, format: Format, separator: u8, take: &mut dyn FnMut(&Row) -> Flow) -> Result<(), Unreadable> {
    file.seek(SeekFrom::Start(0))?;
    let mut is_too_long = false;
    let mut take_filled = |row: &Row| {
        is_too_long = row.cells.iter().map(String::len).sum::<usize>() > MOST_OF_A_ROW;
        if is_too_long {
            return Flow::Stop;
        }
        if row.cells.iter().all(|cell| cell.trim().is_empty()) { Flow::On } else { take(row) }
    };
    match format {
        Format::Csv => csv::read(file, separator, &mut take_filled)?,
        Format::Xlsx => xlsx::read(file, &mut take_filled)?,
    }
    if is_too_long { Err(row_too_long()) } else { Ok(()) }
}

fn row_too_long() -> Unreadable {
    Unreadable::because(FaultCode::RowTooLong)
}
