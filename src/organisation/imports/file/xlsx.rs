//! The first sheet of an Excel workbook. It is a ZIP archive, so what it unpacks to is measured before it is believed.
//!
//! **Memory.** Reading takes at most `MOST_MEMORY` and what is unpacked of one `STEP` of input (4 MB), beside what `take` keeps.
//! Most of it is the workbook's list of texts. The library copies fonts and formats into each cell format: what that can come
//! to is worked out beforehand, and is at most `MOST_OF_STYLES`.

use std::{
    fs::File,
    io::{BufReader, Read, Seek as _, SeekFrom},
};

use calamine::{DataRef, DataType as _, Reader as _, Xlsx};
use zip::ZipArchive;

use super::{Flow, MOST_COLUMNS, MOST_OF_A_ROW, Row, Unreadable, row_too_long};
use crate::kit::{
    problems::{Fault, FaultCode},
    work::{Allowance, Metered},
};

/// The most that a workbook may unpack to, in bytes: some 800,000 rows of members.
const MOST_UNPACKED: u64 = 384 * 1024 * 1024;
/// What is packed more tightly than this was not written by a spreadsheet.
const TIGHTEST: u64 = 200;
/// Small things may be packed as tightly as they like.
const SMALL: u64 = 4 * 1024 * 1024;
/// The most texts that a workbook may announce: the reader makes room for them at once.
const MOST_TEXTS: u64 = 5_000_000;
/// What reading a workbook may take, in bytes. The texts of 200,000 rows take some 100 MiB.
const MOST_MEMORY: u64 = 256 * 1024 * 1024;
/// What the cell formats of a workbook may come to, in bytes: their number times the longest of their parts.
const MOST_OF_STYLES: u64 = 128 * 1024 * 1024;
/// How the name of the file ends in which they stand.
const STYLES: &[u8] = b"styles.xml";
/// The most files in a workbook.
const MOST_ENTRIES: usize = 10_000;
const ANNOUNCEMENT: &[u8] = b"uniqueCount";
const BLOCK: usize = 64 * 1024;

/// Each row of the first sheet, with its number in it.
pub fn read(file: &mut File, take: &mut dyn FnMut(&Row) -> Flow) -> Result<(), Unreadable> {
    let allowance = Allowance::of(MOST_MEMORY);
    let read = measure(file, &allowance).and_then(|()| read_under(&allowance, file, take));
    // Whatever the library makes of being broken off.
    if allowance.was_exceeded() { Err(too_large()) } else { read }
}

fn read_under(allowance: &Allowance, file: &mut File, take: &mut dyn FnMut(&Row) -> Flow) -> Result<(), Unreadable> {
    file.seek(SeekFrom::Start(0))?;
    let input = BufReader::with_capacity(BLOCK, Metered::new(file, allowance));
    let mut workbook: Xlsx<_> = Xlsx::new(input).map_err(broken)?;
    let first = workbook.sheet_names().into_iter().next().ok_or_else(|| Unreadable::because(FaultCode::EmptyFile))?;
    let mut cells = workbook.worksheet_cells_reader(&first).map_err(broken)?;
    let mut row = Row { number: 1, cells: Vec::new() };
    // What the cells of this row have so far. Before a cell is copied: one text may stand in many of them.
    let mut size: usize = 0;
    while let Some(cell) = cells.next_cell().map_err(broken)? {
        let (place, column) = cell.get_position();
        let number = place.saturating_add(1);
        if number != row.number {
            if allowance.apart(|| take(&row)) == Flow::Stop {
                return Ok(());
            }
            row.cells.clear();
            row.number = number;
            size = 0;
        }
        size = size.saturating_add(length_of(cell.get_value()));
        if size > MOST_OF_A_ROW {
            return Err(row_too_long());
        }
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        if column < MOST_COLUMNS {
            row.cells.resize(row.cells.len().max(column.saturating_add(1)), String::new());
            if let Some(filled) = row.cells.get_mut(column) {
                *filled = text_of(cell.get_value());
            }
        }
    }
    let _the_last_one = take(&row);
    Ok(())
}

/// How many bytes a cell has at the most; numbers and days have a few.
fn length_of(value: &DataRef<'_>) -> usize {
    match value {
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.len(),
        DataRef::SharedString(text) => text.len(),
        _ => 0,
    }
}

/// A cell as a person would have typed it: a day as `2025-07-01`, a whole number without decimals.
fn text_of(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Empty => String::new(),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::Int(number) => number.to_string(),
        // `f64` shows whole numbers without decimals, and never in powers of ten.
        DataRef::Float(number) => number.to_string(),
        DataRef::Bool(truth) => truth.to_string(),
        DataRef::DateTime(_) => value.as_date().map(|day| day.to_string()).unwrap_or_default(),
        DataRef::Error(error) => error.to_string(),
    }
}

fn broken(error: calamine::XlsxError) -> Unreadable {
    tracing::debug!(%error, "a workbook that cannot be read");
    Unreadable::because(FaultCode::BrokenFile)
}

fn too_large() -> Unreadable {
    Unreadable::Fault(Fault::at("/file", FaultCode::UnpacksTooLarge).with("limit", MOST_UNPACKED))
}

/// Unpacks all of it into nothing, with an eye on how much that is: sizes in the archive's own directory may lie.
fn measure(file: &mut File, allowance: &Allowance) -> Result<(), Unreadable> {
    file.seek(SeekFrom::Start(0))?;
    let input = BufReader::with_capacity(BLOCK, Metered::new(file, allowance));
    let mut archive = ZipArchive::new(input).map_err(|_error| broken_archive())?;
    if archive.len() > MOST_ENTRIES {
        return Err(broken_archive());
    }
    let mut left = MOST_UNPACKED;
    for place in 0..archive.len() {
        let entry = archive.by_index(place).map_err(|_error| broken_archive())?;
        let are_styles = entry.name_raw().to_ascii_lowercase().ends_with(STYLES);
        let tightest = entry.compressed_size().saturating_mul(TIGHTEST).max(SMALL);
        let allowed = left.min(tightest);
        let Unpacked { length, tags, longest } = unpack(entry.take(allowed.saturating_add(1)))?;
        left = left.checked_sub(length).filter(|_| length <= allowed).ok_or_else(too_large)?;
        if are_styles && tags.saturating_mul(longest) > MOST_OF_STYLES {
            return Err(too_large());
        }
    }
    Ok(())
}

/// What was seen of an entry as it was unpacked.
#[derive(Debug, Default, PartialEq, Eq)]
struct Unpacked {
    /// How many bytes it has.
    length: u64,
    /// How many tags, taken as XML.
    tags: u64,
    /// How many bytes the longest tag has, or the longest text between two.
    longest: u64,
}

impl Unpacked {
    fn see(&mut self, block: &[u8], run: &mut u64) {
        for byte in block {
            *run = if matches!(byte, b'<' | b'>') { 0 } else { run.saturating_add(1) };
            self.longest = self.longest.max(*run);
            self.tags = self.tags.saturating_add(u64::from(*byte == b'<'));
        }
        self.length = self.length.saturating_add(u64::try_from(block.len()).unwrap_or(u64::MAX));
    }
}

fn broken_archive() -> Unreadable {
    Unreadable::because(FaultCode::BrokenFile)
}

fn unpack(mut entry: impl Read) -> Result<Unpacked, Unreadable> {
    let mut block = vec![0; BLOCK];
    let mut tail: Vec<u8> = Vec::new();
    let (mut unpacked, mut run) = (Unpacked::default(), 0);
    loop {
        let read = entry.read(&mut block)?;
        if read == 0 {
            return Ok(unpacked);
        }
        let new = block.get(..read).unwrap_or_default();
        unpacked.see(new, &mut run);
        // What a block cuts in two is seen with the next one.
        tail.extend_from_slice(new);
        if announces_too_much(&tail) {
            return Err(Unreadable::because(FaultCode::BrokenFile));
        }
        let keep = tail.len().min(ANNOUNCEMENT.len().saturating_add(24));
        tail.drain(..tail.len().saturating_sub(keep));
    }
}

fn announces_too_much(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(place) = rest.windows(ANNOUNCEMENT.len()).position(|window| window == ANNOUNCEMENT) {
        rest = rest.get(place.saturating_add(ANNOUNCEMENT.len())..).unwrap_or_default();
        let digits = rest.iter().skip_while(|byte| !byte.is_ascii_digit()).take_while(|byte| byte.is_ascii_digit());
        let digits: Vec<u8> = digits.copied().collect();
        let count: u64 = std::str::from_utf8(&digits).ok().and_then(|digits| digits.parse().ok()).unwrap_or(0);
        if count > MOST_TEXTS || digits.len() > 19 {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_the_longest_run_between_them_are_seen_across_blocks() {
        let (mut seen, mut run) = (Unpacked::default(), 0);

        for block in ["<a nam", "e='12345'>x", "</a>"] {
            seen.see(block.as_bytes(), &mut run);
        }

        assert_eq!(seen, Unpacked { length: 21, tags: 2, longest: 14 });
    }
}
