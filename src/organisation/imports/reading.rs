//! A file read into rows: what each means, what is wrong with it in itself, and which rows are the same. Runs on a thread of
//! its own and hands over batch by batch; what it keeps is a few bytes a row.

use std::{
    collections::HashMap,
    fs::File,
    panic::{AssertUnwindSafe, catch_unwind},
};

use chrono::NaiveDate;

use super::{
    ImportKind, RowFault,
    file::{Columns, Flow, Headers, Row, Sheet, Unreadable},
    members::MemberRow,
    staged::{Staged, StagedRow},
    units::{self, UnitRow},
};
use crate::kit::{
    problems::{Fault, FaultCode},
    secrets::secret::sha256,
};

/// What a file is read with.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The day of today.
    pub today: NaiveDate,
    /// The most rows.
    pub max_rows: u32,
    /// How many rows are handed over at a time.
    pub batch: usize,
}

/// What its headers are called; everything that is missing is a fault. A parser that panics has met a broken file.
pub fn inspect(file: File, kind: ImportKind) -> Result<Headers, Unreadable> {
    let opened = catch_unwind(AssertUnwindSafe(|| Sheet::open(file, kind)));
    Ok(opened.unwrap_or_else(|_panic| Err(broken()))?.columns.headers())
}

/// Hands over all rows, `hand_over` saying whether to go on. Gives how many there were.
pub fn read(
    file: File,
    kind: ImportKind,
    bounds: Bounds,
    hand_over: &mut dyn FnMut(Vec<StagedRow>) -> Flow,
) -> Result<i32, Unreadable> {
    catch_unwind(AssertUnwindSafe(|| {
        let mut sheet = Sheet::open(file, kind)?;
        match kind {
            ImportKind::Members => read_members(&mut sheet, bounds, hand_over),
            ImportKind::Units => read_units(&mut sheet, bounds, hand_over),
        }
    }))
    .unwrap_or_else(|_panic| Err(broken()))
}

fn broken() -> Unreadable {
    Unreadable::Fault(Fault::at("/file", FaultCode::BrokenFile))
}

fn too_many(bounds: Bounds) -> Unreadable {
    Unreadable::Fault(Fault::at("/file", FaultCode::TooManyRows).with("limit", bounds.max_rows))
}

/// The keys of the rows so far, as the first half of their hashes, with the numbers of their rows.
#[derive(Default)]
struct Seen(HashMap<[u8; 16], u32>);

impl Seen {
    /// The row that had this key before.
    fn before(&mut self, key: &str, number: u32) -> Option<u32> {
        let mut half = [0; 16];
        half.iter_mut().zip(sha256(key.as_bytes())).for_each(|(kept, byte)| *kept = byte);
        let first = *self.0.entry(half).or_insert(number);
        (first != number).then_some(first)
    }
}

/// The cells of a row, unless some of them may have taken other rows in: what they say is not to be believed then.
fn on_one_line<'r>(columns: &Columns, row: &'r Row) -> Result<&'r [String], Vec<RowFault>> {
    let broken = columns.line_breaks(&row.cells);
    if broken.is_empty() { Ok(&row.cells) } else { Err(broken) }
}

fn read_members(
    sheet: &mut Sheet,
    bounds: Bounds,
    hand_over: &mut dyn FnMut(Vec<StagedRow>) -> Flow,
) -> Result<i32, Unreadable> {
    let columns = sheet.columns.clone();
    let mut seen = Seen::default();
    let mut waiting = Vec::with_capacity(bounds.batch);
    let mut count = 0_u32;
    sheet.rows(&mut |row: &Row| {
        count = count.saturating_add(1);
        if count > bounds.max_rows {
            return Flow::Stop;
        }
        let read = on_one_line(&columns, row).and_then(|cells| MemberRow::read(&columns, cells, bounds.today));
        let read = read.and_then(|member| {
            let twins = member.keys().into_iter().filter_map(|(column, key)| {
                let first = seen.before(&key, row.number)?;
                Some(RowFault::new(columns.name_of(column), FaultCode::SameAsRow).with("row", first))
            });
            let twins: Vec<_> = twins.collect();
            if twins.is_empty() { Ok(member) } else { Err(twins) }
        });
        waiting.push(StagedRow {
            ordinal: i32::try_from(count).unwrap_or(i32::MAX),
            number: i32::try_from(row.number).unwrap_or(i32::MAX),
            content: read.map_or_else(Staged::Faulty, Staged::Member),
        });
        if waiting.len() < bounds.batch { Flow::On } else { hand_over(std::mem::take(&mut waiting)) }
    })?;
    if count > bounds.max_rows {
        return Err(too_many(bounds));
    }
    let _flow = hand_over(waiting);
    Ok(i32::try_from(count).unwrap_or(i32::MAX))
}

/// Units are put in order first: what stands above comes before what stands below.
fn read_units(
    sheet: &mut Sheet,
    bounds: Bounds,
    hand_over: &mut dyn FnMut(Vec<StagedRow>) -> Flow,
) -> Result<i32, Unreadable> {
    let columns = sheet.columns.clone();
    let mut seen = Seen::default();
    let mut rows: Vec<(u32, Result<UnitRow, Vec<RowFault>>)> = Vec::new();
    let max_rows = usize::try_from(bounds.max_rows).unwrap_or(usize::MAX);
    sheet.rows(&mut |row: &Row| {
        let read = on_one_line(&columns, row).and_then(|cells| UnitRow::read(&columns, cells, bounds.today));
        let read = read.and_then(|unit| {
            let twins = unit.keys().into_iter().filter_map(|(column, key)| {
                let first = seen.before(&key, row.number)?;
                Some(RowFault::new(columns.name_of(column), FaultCode::SameAsRow).with("row", first))
            });
            let twins: Vec<_> = twins.collect();
            if twins.is_empty() { Ok(unit) } else { Err(twins) }
        });
        rows.push((row.number, read));
        if rows.len() <= max_rows { Flow::On } else { Flow::Stop }
    })?;
    if rows.len() > max_rows {
        return Err(too_many(bounds));
    }
    let count = i32::try_from(rows.len()).unwrap_or(i32::MAX);
    let mut ordered = units::in_order(rows, &columns.headers()).into_iter();
    loop {
        let batch: Vec<StagedRow> = ordered.by_ref().take(bounds.batch).collect();
        if batch.is_empty() || hand_over(batch) == Flow::Stop {
            return Ok(count);
        }
    }
}
